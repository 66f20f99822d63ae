import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An issuer of OIDC tokens with keys of its own, which it serves as Google does. */
export interface TestIssuer {
  readonly certsUrl: string;
  readonly issuer: string;
  /** How often its keys were asked for. */
  readonly asked: () => number;
  /** A token; claims given replace the usual ones. */
  token(claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): string;
  /** From now on signs with a new key, beside the old ones. */
  rotate(): void;
  /** From now on its keys cannot be fetched. */
  breakDown(): void;
  stop(): Promise<void>;
}

export const TEST_AUDIENCE = 'https://function.test';
export const TEST_CALLER = 'pusher@project.iam.gserviceaccount.com';

/** @param maxAgeSeconds of the keys, as `Cache-Control` says. */
export async function startIssuer(maxAgeSeconds = 3_600): Promise<TestIssuer> {
  const issuer = 'https://accounts.google.com';
  const keys = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>();
  let current = '';
  let requests = 0;
  let broken = false;
  const rotate = () => {
    current = `key-${keys.size + 1}`;
    keys.set(current, generateKeyPairSync('rsa', { modulusLength: 2048 }));
  };
  rotate();
  const server = createServer((_request, response) => {
    requests += 1;
    // 404: the client would try again for a while after 5xx.
    if (broken) response.writeHead(404).end();
    else {
      const certs = [...keys].map(([id, { publicKey }]) => [id, publicKey.export({ type: 'spki', format: 'pem' })]);
      response
        .writeHead(200, { 'content-type': 'application/json', 'cache-control': `public, max-age=${maxAgeSeconds}` })
        .end(JSON.stringify(Object.fromEntries(certs)));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    certsUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`,
    issuer,
    asked: () => requests,
    token(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
      const signed = [
        encode({ alg: 'RS256', kid: current, typ: 'JWT', ...header }),
        encode({
          ...{ iss: issuer, aud: TEST_AUDIENCE, email: TEST_CALLER, email_verified: true, sub: '1' },
          ...{ iat: now, exp: now + 3_600 },
          ...claims,
        }),
      ].join('.');
      const signature = createSign('RSA-SHA256').update(signed).sign(keys.get(current)!.privateKey, 'base64url');
      return `${signed}.${signature}`;
    },
    rotate,
    breakDown() {
      broken = true;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
