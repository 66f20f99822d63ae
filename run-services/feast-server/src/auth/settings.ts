import { BlockList, isIPv6 } from 'node:net';
import {
  type Environment,
  type OidcConfig,
  readEnvironment,
  readVariables,
  VARIABLES,
  variable,
} from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';

const callers = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );

const OWN_VARIABLES = {
  HOST: VARIABLES.HOST,
  FEAST_AUTH: variable(
    z
      .string()
      .default('none')
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(z.enum(['none', 'oidc', 'api-key'], { error: 'expected none, oidc, api-key, or oidc,api-key' }))),
    'how callers say who they are: oidc, api-key, or both; none is for the loopback only',
    'oidc',
  ),
  API_KEYS_FILE: variable(z.string().min(1).optional(), 'the file of API keys, as SHA-256', '/secrets/api-keys.json'),
  OIDC_READERS: variable(
    callers,
    'who may read features by OIDC, comma-separated: e-mails, *@domain or *',
    'ranking@p.iam.gserviceaccount.com',
  ),
  OIDC_WRITERS: variable(
    callers,
    'who may read, push and materialize by OIDC, comma-separated: e-mails, *@domain',
    'pipeline@p.iam.gserviceaccount.com',
  ),
  OIDC_CALLERS: variable(
    callers,
    'who may deliver feature rows by Pub/Sub push, comma-separated: e-mails',
    'push@p.iam.gserviceaccount.com',
  ),
};

const OIDC_VARIABLES = {
  OIDC_AUDIENCE: VARIABLES.OIDC_AUDIENCE,
  OIDC_ISSUERS: VARIABLES.OIDC_ISSUERS,
  OIDC_CERTS_URL: VARIABLES.OIDC_CERTS_URL,
  OIDC_SIGNATURE: VARIABLES.OIDC_SIGNATURE,
};

/** E-mail patterns by right. */
export interface OidcCallers {
  readonly readers: readonly string[];
  readonly writers: readonly string[];
  readonly events: readonly string[];
}

export interface AuthSettings {
  readonly oidc: (OidcConfig & OidcCallers) | undefined;
  readonly apiKeysFile: string | undefined;
}

/**
 * How callers are told apart, by `FEAST_AUTH`; undefined where nobody is asked, which is for processes of this machine only.
 *
 * @throws {UserError} AUTH_REQUIRED where others can connect and nobody would be asked who they are. CONFIG_INVALID as `readVariables`.
 */
export function readAuthSettings(environment: Environment = readEnvironment()): AuthSettings | undefined {
  const own = readVariables(OWN_VARIABLES, environment);
  const modes = new Set(own.FEAST_AUTH);
  if (modes.has('none')) {
    if (modes.size > 1) throw wrong('FEAST_AUTH names none beside another; leave one of them out.');
    if (isLoopback(own.HOST)) return undefined;
    throw new UserError(
      'AUTH_REQUIRED',
      `The server would listen on ${own.HOST} (HOST), where others can connect, and ask nobody who they are. Set FEAST_AUTH to oidc, api-key or both; or HOST to 127.0.0.1.`,
    );
  }
  if (modes.has('api-key') && own.API_KEYS_FILE === undefined) {
    throw wrong('FEAST_AUTH is api-key, and API_KEYS_FILE is missing: the file of API keys, as SHA-256.');
  }
  return {
    apiKeysFile: modes.has('api-key') ? own.API_KEYS_FILE : undefined,
    oidc: modes.has('oidc') ? readOidc(own, environment) : undefined,
  };
}

/**
 * Refuses a configuration in which Pub/Sub is told to push and could never say who it is: it sends OIDC tokens and no keys.
 *
 * @throws {UserError} CONFIG_INVALID
 */
export function requireEventCallers(settings: AuthSettings | undefined): void {
  if (settings === undefined || (settings.oidc?.events.length ?? 0) > 0) return;
  throw wrong(
    'FEATURES_DELIVERY is push, and nobody may deliver: set FEAST_AUTH to oidc (or oidc,api-key) and OIDC_CALLERS.',
  );
}

function readOidc(
  own: { readonly OIDC_READERS: string[]; readonly OIDC_WRITERS: string[]; readonly OIDC_CALLERS: string[] },
  environment: Environment,
): OidcConfig & OidcCallers {
  const oidc = readVariables(OIDC_VARIABLES, environment);
  const patterns = { readers: own.OIDC_READERS, writers: own.OIDC_WRITERS, events: own.OIDC_CALLERS };
  if (Object.values(patterns).every((list) => list.length === 0)) {
    throw wrong('FEAST_AUTH is oidc, and nobody may call: set OIDC_READERS, OIDC_WRITERS or OIDC_CALLERS.');
  }
  return {
    audiences: oidc.OIDC_AUDIENCE,
    issuers: oidc.OIDC_ISSUERS,
    certsUrl: oidc.OIDC_CERTS_URL,
    signature: oidc.OIDC_SIGNATURE,
    ...patterns,
  };
}

function wrong(message: string): UserError {
  return new UserError('CONFIG_INVALID', message);
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether only processes of this machine can connect. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}
