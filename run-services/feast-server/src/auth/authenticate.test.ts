import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { TransientError, UserError } from '@tributary/platform/errors';
import { matchesCaller, type TokenVerifier } from '@tributary/platform/oidc';
import { startIssuer, TEST_AUDIENCE, type TestIssuer } from '@tributary/platform/oidc/testing';
import { HttpError } from '../http/errors.ts';
import { Exchange } from '../http/exchange.ts';
import { Authenticator, createAuthenticator } from './authenticate.ts';
import type { AuthSettings } from './settings.ts';

const SILENT = { info: () => {}, error: () => {} };

let folder: string;
let issuer: TestIssuer;
let open: Authenticator[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-auth-'));
  issuer = await startIssuer();
});
afterEach(async () => {
  for (const authenticator of open) authenticator.close();
  open = [];
  await issuer.stop();
  rmSync(folder, { recursive: true });
});

function exchange(route: string, headers: Record<string, string>): Exchange {
  const made = new Exchange({ method: 'POST', url: route, headers } as unknown as IncomingMessage);
  made.route = route;
  return made;
}

function keyFile(keys: Record<string, string[]>): string {
  const file = join(folder, 'keys.json');
  const list = Object.entries(keys).map(([key, rights]) => ({
    name: `holder-of-${key}`,
    sha256: createHash('sha256').update(key).digest('hex'),
    rights,
  }));
  writeFileSync(file, JSON.stringify({ keys: list }));
  return file;
}

async function authenticator(settings: Partial<AuthSettings>, verifier?: TokenVerifier) {
  const all = { oidc: undefined, apiKeysFile: undefined, ...settings };
  const made = verifier
    ? new Authenticator(all, SILENT, { verifier, matches: matchesCaller })
    : await createAuthenticator(all, SILENT);
  open.push(made);
  return made;
}

const oidc = (callers: { readers?: string[]; writers?: string[]; events?: string[] }): AuthSettings['oidc'] => ({
  audiences: [TEST_AUDIENCE],
  issuers: [issuer.issuer],
  certsUrl: issuer.certsUrl,
  signature: 'verify',
  ...{ readers: [], writers: [], events: [], ...callers },
});

async function outcome(action: () => void | Promise<void>): Promise<number | 'let in'> {
  try {
    await action();
    return 'let in';
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
}

describe('API keys', () => {
  test('a key opens what its rights name, as a header of its own or as Bearer token', async () => {
    const { authenticate } = await authenticator({
      apiKeysFile: keyFile({ r: ['read'], w: ['write'], e: ['events'] }),
    });
    const statuses = async (headers: Record<string, string>) =>
      Promise.all(
        ['/get-online-features', '/push', '/pubsub/push'].map((route) =>
          outcome(() => authenticate(exchange(route, headers))),
        ),
      );
    expect(await statuses({ 'x-api-key': 'r' })).toEqual(['let in', 403, 403]);
    expect(await statuses({ authorization: 'Bearer w' })).toEqual(['let in', 'let in', 403]);
    expect(await statuses({ 'x-api-key': 'e' })).toEqual([403, 403, 'let in']);
    expect(await statuses({ 'x-api-key': 'unknown' })).toEqual([401, 401, 401]);
    expect(await statuses({})).toEqual([401, 401, 401]);
  });

  test('the caller is the name of the key, and a refusal never repeats the key', async () => {
    const { authenticate } = await authenticator({ apiKeysFile: keyFile({ 'secret-one': ['read'] }) });
    const read = exchange('/get-online-features', { 'x-api-key': 'secret-one' });
    authenticate(read);
    expect(read.caller).toBe('holder-of-secret-one');
    expect(() => authenticate(exchange('/get-online-features', { 'x-api-key': 'secret-two' }))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret-two') }),
    );
  });

  test('a route that nobody classed needs the right to write', async () => {
    const { authenticate } = await authenticator({ apiKeysFile: keyFile({ r: ['read'], w: ['write'] }) });
    expect(await outcome(() => authenticate(exchange('/new', { 'x-api-key': 'r' })))).toBe(403);
    expect(await outcome(() => authenticate(exchange('/new', { 'x-api-key': 'w' })))).toBe('let in');
  });

  test.each([
    ['no JSON', '{'],
    ['a key in clear', '{"keys":[{"name":"a","key":"s3cret","rights":["read"]}]}'],
    ['no keys', '{"keys":[]}'],
  ])('a file with %s stops the start, and what it holds is not repeated', async (_case, text) => {
    const file = join(folder, 'bad.json');
    writeFileSync(file, text);
    await expect(authenticator({ apiKeysFile: file })).rejects.toThrow(
      expect.objectContaining({ code: 'API_KEYS_INVALID', message: expect.not.stringContaining('s3cret') }),
    );
  });
});

describe('OIDC', () => {
  test('a verified e-mail is let in where a list names it', async () => {
    const { authenticate } = await authenticator({
      oidc: oidc({ readers: ['*@readers.test'], writers: ['w@writers.test'], events: ['pubsub@events.test'] }),
    });
    const statuses = async (email: string) => {
      const headers = { authorization: `Bearer ${issuer.token({ email })}` };
      return Promise.all(
        ['/get-online-features', '/push', '/pubsub/push'].map((route) =>
          outcome(() => authenticate(exchange(route, headers))),
        ),
      );
    };
    expect(await statuses('a@readers.test')).toEqual(['let in', 403, 403]);
    expect(await statuses('w@writers.test')).toEqual(['let in', 'let in', 403]);
    expect(await statuses('pubsub@events.test')).toEqual([403, 403, 'let in']);
  });

  test.each([
    ['for another audience', { aud: 'https://other.test' }],
    ['that has expired', { iat: 1_000, exp: 2_000 }],
    ['without a verified e-mail', { email_verified: false }],
    ['of another issuer', { iss: 'https://other.test' }],
  ])('a token %s is 401', async (_case, claims) => {
    const { authenticate } = await authenticator({ oidc: oidc({ readers: ['*'] }) });
    const headers = { authorization: `Bearer ${issuer.token(claims)}` };
    expect(await outcome(() => authenticate(exchange('/get-online-features', headers)))).toBe(401);
  });

  test('a token is verified once a minute, and a known one is let in without waiting', async () => {
    let verified = 0;
    const verifier = {
      async verify() {
        verified += 1;
        return { email: 'a@b.test' };
      },
    };
    const { authenticate } = await authenticator({ oidc: oidc({ readers: ['*'] }) }, verifier);
    const headers = { authorization: `Bearer ${issuer.token()}` };
    await authenticate(exchange('/get-online-features', headers));
    expect(authenticate(exchange('/get-online-features', headers))).toBeUndefined();
    expect(verified).toBe(1);
    await authenticate(exchange('/get-online-features', { authorization: `Bearer ${issuer.token({ sub: '2' })}` }));
    expect(verified).toBe(2);
  });

  test('an issuer whose keys cannot be fetched is 503, not 401', async () => {
    const verifier = {
      async verify() {
        throw new TransientError('OIDC_KEYS_UNAVAILABLE', 'no keys');
      },
    };
    const { authenticate } = await authenticator({ oidc: oidc({ readers: ['*'] }) }, verifier);
    const headers = { authorization: `Bearer ${issuer.token()}` };
    expect(await outcome(() => authenticate(exchange('/get-online-features', headers)))).toBe(503);
  });

  test('a token that was refused is not remembered', async () => {
    let refuse = true;
    const verifier = {
      async verify() {
        if (refuse) throw new UserError('TOKEN_INVALID', 'no');
        return { email: 'a@b.test' };
      },
    };
    const { authenticate } = await authenticator({ oidc: oidc({ readers: ['*'] }) }, verifier);
    const headers = { authorization: `Bearer ${issuer.token()}` };
    expect(await outcome(() => authenticate(exchange('/get-online-features', headers)))).toBe(401);
    refuse = false;
    expect(await outcome(() => authenticate(exchange('/get-online-features', headers)))).toBe('let in');
  });

  test('with keys and tokens both, each is told by its form', async () => {
    const { authenticate } = await authenticator({
      apiKeysFile: keyFile({ k: ['read'] }),
      oidc: oidc({ readers: ['*'] }),
    });
    for (const bearer of ['k', issuer.token()]) {
      const headers = { authorization: `Bearer ${bearer}` };
      expect(await outcome(() => authenticate(exchange('/get-online-features', headers)))).toBe('let in');
    }
  });
});
