import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { OidcConfig } from '../config/index.ts';
import { matchesCaller, OidcVerifier, requireCaller } from './index.ts';
import { startIssuer, TEST_AUDIENCE, TEST_CALLER, type TestIssuer } from './testing/index.ts';

let issuer: TestIssuer;

beforeEach(async () => {
  issuer = await startIssuer();
});
afterEach(() => issuer.stop());

function verifier(more: Partial<OidcConfig> = {}): OidcVerifier {
  return new OidcVerifier({
    audiences: ['https://other.test', TEST_AUDIENCE],
    issuers: [issuer.issuer],
    certsUrl: issuer.certsUrl,
    signature: 'verify',
    ...more,
  });
}

const hourAgo = () => Math.floor(Date.now() / 1_000) - 3_600;

describe('OIDC tokens', () => {
  test('a token as Pub/Sub sends it names its service account', async () => {
    expect(await verifier().verify(`Bearer ${issuer.token()}`)).toEqual({ email: TEST_CALLER });
    expect(await verifier().verify(`bearer  ${issuer.token({ email: TEST_CALLER.toUpperCase() })}`)).toEqual({
      email: TEST_CALLER,
    });
  });

  test.each<[string, () => string | undefined, string, RegExp]>([
    ['no header', () => undefined, 'TOKEN_MISSING', /service account/],
    ['another scheme', () => 'Basic dTpw', 'TOKEN_INVALID', /Bearer/],
    ['no JWT', () => 'Bearer hello', 'TOKEN_INVALID', /JWT/],
    ['a JWT of nonsense', () => 'Bearer aGk.aGk.aGk', 'TOKEN_INVALID', /JWT/],
    ['a very long token', () => `Bearer ${'a'.repeat(20_000)}.b.c`, 'TOKEN_INVALID', /longer/],
    ['another audience', () => `Bearer ${issuer.token({ aud: 'https://else.test' })}`, 'TOKEN_INVALID', /audience/],
    ['another issuer', () => `Bearer ${issuer.token({ iss: 'https://evil.test' })}`, 'TOKEN_INVALID', /issuer/],
    [
      'an old token',
      () => `Bearer ${issuer.token({ iat: hourAgo() - 3_600, exp: hourAgo() })}`,
      'TOKEN_INVALID',
      /expired/,
    ],
    ['a token of the future', () => `Bearer ${issuer.token({ iat: hourAgo() + 7_200 })}`, 'TOKEN_INVALID', /future/],
    ['no e-mail', () => `Bearer ${issuer.token({ email: undefined })}`, 'TOKEN_INVALID', /e-mail/],
    ['an e-mail nobody verified', () => `Bearer ${issuer.token({ email_verified: false })}`, 'TOKEN_INVALID', /e-mail/],
    ['an unknown key', () => `Bearer ${issuer.token({}, { kid: 'else' })}`, 'TOKEN_INVALID', /key/],
    ['no algorithm', () => `Bearer ${issuer.token({}, { alg: 'none' })}`, 'TOKEN_INVALID', /RS256/],
    ['a key-id of Object', () => `Bearer ${issuer.token({}, { kid: 'constructor' })}`, 'TOKEN_INVALID', /key/],
  ])('%s is refused, and told how to mend it', async (_what, header, code, message) => {
    await expect(verifier().verify(header())).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('claims that were changed after signing are refused, and the message does not repeat the token', async () => {
    const [head, , signature] = issuer.token().split('.');
    const claims = issuer.token({ email: 'admin@project.iam.gserviceaccount.com' }).split('.')[1]!;
    const refused = verifier().verify(`Bearer ${head}.${claims}.${signature}`);
    await expect(refused).rejects.toMatchObject({ code: 'TOKEN_INVALID', message: expect.stringMatching(/signature/) });
    await expect(refused).rejects.toMatchObject({ message: expect.not.stringContaining(claims) });
  });

  test('keys are fetched once for many tokens', async () => {
    const shared = verifier();
    await Promise.all([1, 2, 3].map(() => shared.verify(`Bearer ${issuer.token()}`)));
    await shared.verify(`Bearer ${issuer.token()}`);
    expect(issuer.asked()).toBe(1);
    await shared.verify(`Bearer ${issuer.token()}`);
    // Made-up keys do not turn into requests to the issuer.
    await expect(shared.verify(`Bearer ${issuer.token({}, { kid: 'x' })}`)).rejects.toMatchObject({
      code: 'TOKEN_INVALID',
    });
    expect(issuer.asked()).toBe(1);
  });

  test('a key that is rotated in is known as soon as the former ones have expired', async () => {
    const brief = await startIssuer(0);
    const shared = verifier({ certsUrl: brief.certsUrl });
    await shared.verify(`Bearer ${brief.token()}`);
    brief.rotate();
    expect(await shared.verify(`Bearer ${brief.token()}`)).toEqual({ email: TEST_CALLER });
    await brief.stop();
  });

  test('keys that cannot be fetched are nobody’s fault, and keys that were good stay good', async () => {
    const brief = await startIssuer(0);
    const shared = verifier({ certsUrl: brief.certsUrl });
    await shared.verify(`Bearer ${brief.token()}`);
    brief.breakDown();
    expect(await shared.verify(`Bearer ${brief.token()}`)).toEqual({ email: TEST_CALLER });
    expect(brief.asked()).toBe(2);
    await brief.stop();
    issuer.breakDown();
    await expect(verifier().verify(`Bearer ${issuer.token()}`)).rejects.toMatchObject({
      code: 'OIDC_KEYS_UNAVAILABLE',
      class: 'transient',
    });
  });

  test('a token whose signature Cloud Run took off counts only where Cloud Run checks it, and its claims still do', async () => {
    const removed = (claims = {}) =>
      `Bearer ${issuer.token(claims).split('.').slice(0, 2).join('.')}.SIGNATURE_REMOVED_BY_GOOGLE`;
    await expect(verifier().verify(removed())).rejects.toMatchObject({
      code: 'TOKEN_INVALID',
      message: expect.stringContaining('OIDC_SIGNATURE=cloud-run'),
    });
    const behindCloudRun = verifier({ signature: 'cloud-run' });
    expect(await behindCloudRun.verify(removed())).toEqual({ email: TEST_CALLER });
    for (const claims of [
      { aud: 'x' },
      { iss: 'x' },
      { exp: hourAgo() },
      { iat: hourAgo() + 7_200 },
      { email_verified: 'true' },
    ])
      await expect(behindCloudRun.verify(removed(claims))).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    expect(issuer.asked()).toBe(0);
  });

  test.each([
    ['https://ingest-landing-*.a.run.app', 'https://ingest-landing-abc123xyz-uc.a.run.app', true],
    ['https://ingest-landing-*.a.run.app', 'https://notify-abc123xyz-uc.a.run.app', false],
    ['https://ingest-landing-*.a.run.app', 'https://ingest-landing-.a.run.app', false],
    ['https://ingest-landing-*.a.run.app', 'https://ingest-landing-x.evil.test/.a.run.app', false],
    ['https://ingest-landing-*.a.run.app', 'https://ingest-landing-x.a.run.app.evil.test', false],
    ['https://*-*.a.run.app', 'https://a-b.a.run.app', false],
  ])('behind Cloud Run, %s stands for %s: %s', async (pattern, aud, expected) => {
    const token = `Bearer ${issuer.token({ aud }).split('.').slice(0, 2).join('.')}.SIGNATURE_REMOVED_BY_GOOGLE`;
    const verified = verifier({ signature: 'cloud-run', audiences: [pattern] }).verify(token);
    if (expected) expect(await verified).toEqual({ email: TEST_CALLER });
    else await expect(verified).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  test('where we verify signatures ourselves, an audience is one address', async () => {
    const pattern = TEST_AUDIENCE.replace(/[a-z0-9]+/, '*');
    await expect(verifier({ audiences: [pattern] }).verify(`Bearer ${issuer.token()}`)).rejects.toMatchObject({
      code: 'TOKEN_INVALID',
    });
  });
});

describe('callers', () => {
  test.each([
    ['a@x.org', 'a@x.org', true],
    ['A@X.org', 'a@x.org', true],
    ['*@x.org', 'a@x.org', true],
    ['*@x.org', 'a@evilx.org', false],
    ['*@x.org', 'a@sub.x.org', false],
    ['*', 'a@x.org', true],
    ['b@x.org', 'a@x.org', false],
  ])('%s names %s: %s', (pattern, email, expected) => {
    expect(matchesCaller(pattern, { email })).toBe(expected);
  });

  test('who is not named is told where callers are named', () => {
    expect(() => requireCaller({ email: 'a@x.org' }, ['b@x.org'], 'OIDC_CALLERS')).toThrow(
      expect.objectContaining({ code: 'CALLER_FORBIDDEN', message: expect.stringContaining('OIDC_CALLERS') }),
    );
  });
});
