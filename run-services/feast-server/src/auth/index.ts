/** Who may call: OIDC tokens and API keys, by right. */
export { Authenticator, createAuthenticator } from './authenticate.ts';
export { type AuthSettings, readAuthSettings, requireEventCallers } from './settings.ts';
