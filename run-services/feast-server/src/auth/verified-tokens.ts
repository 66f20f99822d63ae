import { hash } from 'node:crypto';
import type { Caller, TokenVerifier } from '@tributary/platform/oidc';

/** How long a verified token is not verified again. A caller that was taken off the issuer's list is let in for that much longer. */
const TRUSTED_FOR_MS = 60_000;

/** Callers change their token each hour; more at once than this are verified each time. */
const MAX_TOKENS = 1_000;

/** Skew that verifiers allow for. */
const SKEW_MS = 300_000;

interface Known {
  readonly caller: Caller;
  readonly until: number;
}

/** Remembers verified tokens: to check an RSA signature costs as much as a small read. */
export class VerifiedTokens {
  readonly #verifier: TokenVerifier;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  constructor(verifier: TokenVerifier, now: () => number = Date.now) {
    this.#verifier = verifier;
    this.#now = now;
  }

  /** The caller of the header at once where it was verified a moment ago; else as `TokenVerifier.verify`. */
  verify(authorization: string): Caller | Promise<Caller> {
    // The digest, not the token: a dump of the heap is then no bunch of keys.
    const id = hash('sha256', authorization, 'base64');
    const known = this.#known.get(id);
    if (known !== undefined && known.until > this.#now()) return known.caller;
    return this.#verifyAndRemember(id, authorization);
  }

  async #verifyAndRemember(id: string, authorization: string): Promise<Caller> {
    this.#known.delete(id);
    const caller = await this.#verifier.verify(authorization);
    if (this.#known.size >= MAX_TOKENS) this.#forgetOldest();
    this.#known.set(id, { caller, until: Math.min(this.#now() + TRUSTED_FOR_MS, expiry(authorization) + SKEW_MS) });
    return caller;
  }

  #forgetOldest(): void {
    const oldest = this.#known.keys().next();
    if (!oldest.done) this.#known.delete(oldest.value);
  }
}

/** `exp` of a token that is known to be good, in milliseconds. */
function expiry(authorization: string): number {
  const payload = authorization.split('.')[1] ?? '';
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { exp?: unknown };
  return typeof claims.exp === 'number' ? claims.exp * 1_000 : 0;
}
