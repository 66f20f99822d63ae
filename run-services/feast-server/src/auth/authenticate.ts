import { TransientError, TributaryError } from '@tributary/platform/errors';
import type { Caller, matchesCaller, TokenVerifier } from '@tributary/platform/oidc';
import { HttpError, unavailable } from '../http/errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { ApiKeys } from './api-keys.ts';
import { grants, type Right, rightFor } from './rights.ts';
import type { AuthSettings, OidcCallers } from './settings.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** How soon a key that was put into the file, or taken out, counts. Secret Manager's mounts show a new version within that order of time. */
const KEYS_REREAD_MS = 30_000;

/** https://www.rfc-editor.org/rfc/rfc6750#section-3 */
const CHALLENGE = { headers: { 'www-authenticate': 'Bearer realm="feast-server"' } };

interface AuthLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What OIDC tokens are checked with. */
export interface TokenChecks {
  readonly verifier: TokenVerifier;
  readonly matches: typeof matchesCaller;
}

/**
 * The authenticator of these settings. What verifies tokens is loaded only where they are taken: it takes longer than the rest of the start.
 *
 * @throws {UserError} API_KEYS_INVALID
 */
export async function createAuthenticator(settings: AuthSettings, log: AuthLog): Promise<Authenticator> {
  if (settings.oidc === undefined) return new Authenticator(settings, log);
  const { OidcVerifier, matchesCaller } = await import('@tributary/platform/oidc');
  return new Authenticator(settings, log, { verifier: new OidcVerifier(settings.oidc), matches: matchesCaller });
}

/**
 * The `authenticate` hook: an API key (`x-api-key`, or as Bearer token for clients that can send nothing else, such as Feast's) or an OIDC token decides who
 * calls, and the route what right it takes. Sets `exchange.caller` to the key's name or the e-mail.
 */
export class Authenticator {
  readonly #keys: ApiKeys | undefined;
  readonly #tokens: VerifiedTokens | undefined;
  readonly #callers: OidcCallers | undefined;
  readonly #matches: typeof matchesCaller | undefined;
  readonly #reread: NodeJS.Timeout | undefined;

  /** @throws {UserError} API_KEYS_INVALID */
  constructor({ oidc, apiKeysFile }: AuthSettings, log: AuthLog, tokens?: TokenChecks) {
    this.#callers = oidc;
    this.#tokens = oidc && tokens && new VerifiedTokens(tokens.verifier);
    this.#matches = tokens?.matches;
    this.#keys = apiKeysFile === undefined ? undefined : new ApiKeys(apiKeysFile);
    this.#reread = this.#keys && setInterval(() => this.#reload(log), KEYS_REREAD_MS).unref();
  }

  /** @throws {HttpError} 401 UNAUTHENTICATED, 403 FORBIDDEN, 503 BACKEND_UNAVAILABLE. */
  readonly authenticate = (exchange: Exchange): void | Promise<void> => {
    const right = rightFor(exchange.route);
    const key = exchange.headers['x-api-key'];
    if (typeof key === 'string') return this.#byKey(exchange, key, right);
    const { authorization } = exchange.headers;
    if (authorization === undefined) throw unauthenticated(`There are no credentials; send ${this.#expected()}.`);
    const bearer = /^bearer +([^\s.]+) *$/i.exec(authorization)?.[1];
    // A JWT has dots, and a key has none.
    if (bearer !== undefined && this.#keys !== undefined) return this.#byKey(exchange, bearer, right);
    return this.#byToken(exchange, authorization, right);
  };

  close(): void {
    clearInterval(this.#reread);
  }

  #byKey(exchange: Exchange, key: string, right: Right): void {
    const holder = this.#keys?.find(key);
    if (holder === undefined) throw unauthenticated(`The API key is not known; send ${this.#expected()}.`);
    if (!grants(holder.rights, right)) throw forbidden(`The key ${holder.name}`, right, 'its rights in API_KEYS_FILE');
    exchange.caller = holder.name;
  }

  #byToken(exchange: Exchange, authorization: string, right: Right): void | Promise<void> {
    if (this.#tokens === undefined) throw unauthenticated(`Tokens are not taken here; send ${this.#expected()}.`);
    const caller = this.#tokens.verify(authorization);
    if (!(caller instanceof Promise)) return this.#admit(exchange, caller, right);
    return caller.then(
      (verified) => this.#admit(exchange, verified, right),
      (error: unknown) => {
        throw refusal(error);
      },
    );
  }

  #admit(exchange: Exchange, caller: Caller, right: Right): void {
    const { readers, writers, events } = this.#callers!;
    const isOneOf = (patterns: readonly string[]) => patterns.some((pattern) => this.#matches!(pattern, caller));
    const isAllowed = right === 'events' ? isOneOf(events) : isOneOf(writers) || (right === 'read' && isOneOf(readers));
    // Without the e-mail, which may be a person's.
    if (!isAllowed) throw forbidden('The account that the token names', right, SETTING[right]);
    exchange.caller = caller.email;
  }

  #expected(): string {
    const ways = [this.#keys && 'an API key as x-api-key', this.#tokens && 'an OIDC token as Authorization: Bearer'];
    return ways.filter(Boolean).join(' or ');
  }

  #reload(log: AuthLog): void {
    try {
      if (this.#keys?.reload()) log.info({}, 'API keys read again');
    } catch (error) {
      log.error({ err: error }, 'the API keys stay as they were');
    }
  }
}

const SETTING: Readonly<Record<Right, string>> = {
  read: 'OIDC_READERS or OIDC_WRITERS',
  write: 'OIDC_WRITERS',
  events: 'OIDC_CALLERS',
};

function unauthenticated(message: string, cause?: unknown): HttpError {
  return new HttpError(401, 'UNAUTHENTICATED', message, { ...CHALLENGE, cause });
}

function forbidden(who: string, right: Right, setting: string): HttpError {
  return new HttpError(
    403,
    'FORBIDDEN',
    `${who} lacks the right ${right}; whoever runs the server grants it in ${setting}.`,
  );
}

function refusal(error: unknown): unknown {
  if (error instanceof TransientError) return unavailable('BACKEND_UNAVAILABLE', error.message, { cause: error });
  return error instanceof TributaryError && error.class === 'user' ? unauthenticated(error.message, error) : error;
}
