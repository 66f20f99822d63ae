/** Who calls over HTTP: OIDC tokens as Google's services and people send them, and who of them may. */
export { matchesCaller, requireCaller } from './callers.ts';
export { callerForbidden, type OidcErrorCode } from './errors.ts';
export { type Caller, OidcVerifier, type TokenVerifier } from './verifier.ts';
