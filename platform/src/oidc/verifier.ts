import { OAuth2Client } from 'google-auth-library';
import type { OidcConfig } from '../config/index.ts';
import { keysUnavailable, tokenInvalid, tokenMissing } from './errors.ts';

/** Who calls, as an issuer we trust says. */
export interface Caller {
  readonly email: string;
}

export interface TokenVerifier {
  /**
   * The caller that an `Authorization` header names.
   *
   * @throws {UserError} TOKEN_MISSING or TOKEN_INVALID. @throws {TransientError} OIDC_KEYS_UNAVAILABLE.
   */
  verify(authorization: string | undefined): Promise<Caller>;
}

/** A token of Google's is 700 to 1,500 bytes; what is longer is not worth parsing. */
const MAX_TOKEN_BYTES = 16_384;

/** In place of the signature, once Cloud Run has checked it. https://cloud.google.com/run/docs/troubleshooting#signature-removed */
const SIGNATURE_REMOVED = 'SIGNATURE_REMOVED_BY_GOOGLE';

/** Keys without `Cache-Control` are kept for this long. */
const DEFAULT_KEYS_AGE_MS = 5 * 60_000;

/** Keys are not fetched again for a key id that they lack, more often than this: else anybody's made-up token is a request to the issuer. */
const KEYS_AGE_AT_LEAST_MS = 30_000;

interface Keys {
  readonly certs: Awaited<ReturnType<OAuth2Client['getFederatedSignonCertsAsync']>>['certs'];
  readonly fetchedAt: number;
  readonly until: number;
}

/**
 * Verifies OIDC tokens as Pub/Sub push, Eventarc and Cloud Scheduler send them: signature, issuer, audience, time (five minutes of skew), and a verified
 * e-mail. https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 *
 * Where the service itself is only open to callers that IAM lets in, Cloud Run has verified the signature and takes it off before the request comes in;
 * `signature: 'cloud-run'` then accepts tokens of that form. It must not be set where anybody may call, for anybody can write that text.
 */
export class OidcVerifier implements TokenVerifier {
  readonly #config: OidcConfig;
  readonly #client: OAuth2Client;
  #keys: Keys | undefined;
  #fetching: Promise<Keys> | undefined;

  constructor(config: OidcConfig) {
    this.#config = config;
    this.#client = new OAuth2Client({
      endpoints: config.certsUrl ? { oauth2FederatedSignonPemCertsUrl: config.certsUrl } : {},
    });
  }

  async verify(authorization: string | undefined): Promise<Caller> {
    const token = bearerToken(authorization);
    const claims = token.endsWith(`.${SIGNATURE_REMOVED}`) ? this.#trusted(token) : await this.#verified(token);
    if (claims.email_verified !== true || typeof claims.email !== 'string' || claims.email === '') {
      throw tokenInvalid('it names no verified e-mail; ask for a token with the e-mail claim');
    }
    return { email: claims.email.toLowerCase() };
  }

  async #verified(token: string): Promise<Claims> {
    const keyId = keyIdOf(token);
    const keys = await this.#keysFor(keyId);
    if (!Object.hasOwn(keys.certs, keyId)) throw tokenInvalid('its key is not one of the issuer');
    const { audiences, issuers } = this.#config;
    try {
      const ticket = await this.#client.verifySignedJwtWithCertsAsync(token, keys.certs, [...audiences], [...issuers]);
      return { ...ticket.getPayload() };
    } catch (error) {
      // The library's messages quote the token.
      throw tokenInvalid(problemOf(error as Error, audiences));
    }
  }

  /** The claims of a token that Cloud Run has verified; they are still those of somebody else's service, or of yesterday, unless looked at. */
  #trusted(token: string): Claims {
    if (this.#config.signature !== 'cloud-run') {
      throw tokenInvalid(
        'Cloud Run took its signature off; set OIDC_SIGNATURE=cloud-run if, and only if, the service requires IAM authentication',
      );
    }
    const claims = readPart(token.split('.')[1]!);
    const now = Date.now() / 1_000;
    if (!this.#config.issuers.includes(String(claims.iss))) throw tokenInvalid('its issuer is another one');
    const isForUs = this.#config.audiences.some((pattern) => matchesAudience(pattern, String(claims.aud)));
    if (!isForUs) throw tokenInvalid(wrongAudience(this.#config.audiences));
    if (typeof claims.exp !== 'number' || now > claims.exp + SKEW_SECONDS) throw tokenInvalid('it has expired');
    if (typeof claims.iat !== 'number' || now < claims.iat - SKEW_SECONDS) throw tokenInvalid('it is of the future');
    return claims;
  }

  /** Fetched once for all that wait; anew when they have expired, or when a key was rotated in. */
  async #keysFor(keyId: string): Promise<Keys> {
    const now = Date.now();
    const known = this.#keys;
    const isRotated = known && !Object.hasOwn(known.certs, keyId) && now - known.fetchedAt > KEYS_AGE_AT_LEAST_MS;
    if (known && now < known.until && !isRotated) return known;
    this.#fetching ??= this.#fetchKeys().finally(() => {
      this.#fetching = undefined;
    });
    try {
      this.#keys = await this.#fetching;
      return this.#keys;
    } catch (error) {
      // Keys that were good a moment ago are better than turning everybody away.
      if (known) return known;
      throw keysUnavailable(error);
    }
  }

  async #fetchKeys(): Promise<Keys> {
    // The client keeps keys of its own for as long as the issuer says, and has no way to be asked for fresher ones.
    const client = new OAuth2Client({ endpoints: this.#client.endpoints });
    const { certs, res } = await client.getFederatedSignonCertsAsync();
    const maxAge = /max-age=(\d+)/.exec(res?.headers.get('cache-control') ?? '')?.[1];
    const fetchedAt = Date.now();
    return { certs, fetchedAt, until: fetchedAt + (maxAge ? Number(maxAge) * 1_000 : DEFAULT_KEYS_AGE_MS) };
  }
}

/**
 * Whether a token is made out to an audience, or to one that differs where the pattern has `*`, which stands for a part of a host's name. Eventarc makes tokens out to
 * the address of a function that Google chooses, https://<name>-<chosen>.a.run.app, which nobody knows before the function is there. Only of tokens that Cloud Run
 * has verified, which lets none pass that is made out to another service. https://cloud.google.com/run/docs/authenticating/service-to-service
 */
function matchesAudience(pattern: string, audience: string): boolean {
  const [before, after, ...more] = pattern.split('*');
  if (after === undefined || more.length > 0) return pattern === audience;
  const chosen = audience.slice(before!.length, audience.length - after.length);
  return audience === `${before}${chosen}${after}` && /^[a-z0-9-]+$/.test(chosen);
}

/** As the library allows. */
const SKEW_SECONDS = 300;

type Claims = Readonly<Record<string, unknown>>;

function bearerToken(authorization: string | undefined): string {
  if (!authorization) throw tokenMissing();
  const match = /^bearer +(\S+) *$/i.exec(authorization);
  if (!match) throw tokenInvalid('the header is not "Bearer <token>"');
  const token = match[1]!;
  if (token.length > MAX_TOKEN_BYTES) throw tokenInvalid(`it is longer than ${MAX_TOKEN_BYTES} bytes`);
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw tokenInvalid('it is not a signed JWT');
  return token;
}

/** The library picks the check by the key and takes any algorithm; Google signs with RS256 only. */
function keyIdOf(token: string): string {
  const header = readPart(token.split('.')[0]!);
  if (header.alg !== 'RS256') throw tokenInvalid('it is not signed with RS256');
  if (typeof header.kid !== 'string') throw tokenInvalid('it names no key');
  return header.kid;
}

function readPart(part: string): Claims {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Claims;
  } catch {
    // Told below.
  }
  throw tokenInvalid('it is not a JWT');
}

function problemOf({ message }: Error, audiences: readonly string[]): string {
  if (message.startsWith('Token used too late')) return 'it has expired';
  if (message.startsWith('Token used too early')) return 'it is of the future';
  if (message.startsWith('Wrong recipient')) return wrongAudience(audiences);
  if (message.startsWith('Invalid issuer')) return 'its issuer is another one';
  if (message.startsWith('Invalid token signature')) return 'its signature is wrong';
  return 'it cannot be verified';
}

function wrongAudience(audiences: readonly string[]): string {
  return `its audience is not ${audiences.join(' or ')} (OIDC_AUDIENCE)`;
}
