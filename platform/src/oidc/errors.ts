import { TransientError, UserError } from '../errors/index.ts';

/**
 * Why a caller is not let in.
 *
 * - `TOKEN_MISSING`, `TOKEN_INVALID` (user, HTTP 401): who calls is not known.
 * - `CALLER_FORBIDDEN` (user, HTTP 403): who calls is known and may not.
 * - `OIDC_KEYS_UNAVAILABLE` (transient, HTTP 503): the issuer's keys could not be fetched, so nobody can be told apart.
 */
export type OidcErrorCode = 'TOKEN_MISSING' | 'TOKEN_INVALID' | 'CALLER_FORBIDDEN' | 'OIDC_KEYS_UNAVAILABLE';

export function tokenMissing(): UserError {
  return new UserError(
    'TOKEN_MISSING',
    'There is no "Authorization: Bearer <OIDC token>" header. Give the push subscription, trigger or scheduler a service account, or send `gcloud auth print-identity-token`.',
  );
}

/** @param problem never holds the token or a part of it. */
export function tokenInvalid(problem: string, options?: ErrorOptions): UserError {
  return new UserError('TOKEN_INVALID', `The OIDC token is not accepted: ${problem}.`, options);
}

export function callerForbidden(reason: string): UserError {
  return new UserError('CALLER_FORBIDDEN', reason);
}

export function keysUnavailable(cause: unknown): TransientError {
  return new TransientError(
    'OIDC_KEYS_UNAVAILABLE',
    "The keys of the token's issuer could not be fetched; check the network and OIDC_CERTS_URL.",
    { cause },
  );
}
