import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

const ROOT = new URL('../', import.meta.url);
const TABLE = new URL('terraform/deployables.yaml', ROOT);
/** The document that this module makes. */
export const DOCUMENT = new URL('docs/identities.md', ROOT);

interface Role {
  readonly role: string;
  readonly on: string;
  readonly why: string;
  readonly prefixes?: readonly string[];
  /** Granted only where this channel of notify is used. */
  readonly channel?: string;
}

interface Deployable {
  readonly kind: 'service' | 'job' | 'function' | 'flex-template';
  readonly account: string;
  readonly ingress?: 'all' | 'internal';
  /** False: Cloud Run lets everybody's requests through, and the service checks tokens itself. */
  readonly invoker_check?: boolean;
  readonly invokers?: string;
  readonly push?: Readonly<Record<string, { readonly topic: string; readonly events?: readonly string[] }>>;
  readonly eventarc?: Readonly<Record<string, { readonly bucket: string }>>;
  readonly role_sets?: readonly string[];
  readonly roles: readonly Role[];
}

/** What terraform/deployables.yaml says of identities. */
export interface Table {
  readonly custom_roles: Readonly<Record<string, { readonly title: string; readonly permissions: readonly string[] }>>;
  readonly role_sets: Readonly<Record<string, readonly Role[]>>;
  readonly deployables: Readonly<Record<string, Deployable>>;
  readonly accounts: Readonly<Record<string, { readonly account: string; readonly roles: readonly Role[] }>>;
}

export const readTable = (): Table => parse(readFileSync(TABLE, 'utf8')) as Table;

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const code = (text: string): string => `\`${text}\``;

/**
 * docs/identities.md: every account with what it runs, who may call it, and each of its roles with the call that needs it.
 *
 * @throws {Error} where a deployable names a set of roles that is not there
 */
export function identitiesDocument({ custom_roles, role_sets, deployables, accounts }: Table): string {
  const all = Object.entries(deployables);
  return [
    '# Identities',
    '',
    'Made from [terraform/deployables.yaml](../terraform/deployables.yaml) by `node docs/identities.ts`; a test holds it to that. Nothing runs as a default account, no account has a key, and no role is granted to `allUsers` or `allAuthenticatedUsers`. What the whole is good for: [security](security.md).',
    '',
    '## Who runs as whom, and who may call it',
    '',
    row('deployable', 'kind', 'account', 'who may call it'),
    '|---|---|---|---|',
    ...all.map(([name, deployable]) =>
      row(code(name), deployable.kind, code(deployable.account), callers(name, deployable, deployables)),
    ),
    ...Object.entries(accounts).map(([name, { account }]) =>
      row(code(name), 'account alone', code(account), 'nothing to call'),
    ),
    '',
    'Each subscription that pushes, and each Eventarc trigger, signs its requests as an account of its own, which may invoke that one service.',
    '',
    '## What each may do, and why',
    '',
    '“on” is the smallest thing that takes the role; where folders are named, a condition limits it to objects whose names begin so.',
    '',
    row('account', 'role', 'on', 'the call that needs it'),
    '|---|---|---|---|',
    ...all.flatMap(([, { account, role_sets: sets = [], roles }]) =>
      [...roles, ...sets.flatMap((set) => rolesOf(set, role_sets))].map((role) => grant(account, role)),
    ),
    ...Object.values(accounts).flatMap(({ account, roles }) => roles.map((role) => grant(account, role))),
    '',
    '## Roles of our own',
    '',
    row('role', 'is', 'permissions'),
    '|---|---|---|',
    ...Object.entries(custom_roles).map(([name, { title, permissions }]) =>
      row(code(name), title, permissions.map(code).join(' ')),
    ),
    '',
  ].join('\n');
}

function rolesOf(set: string, sets: Table['role_sets']): readonly Role[] {
  const found = sets[set];
  if (found === undefined) throw new Error(`terraform/deployables.yaml has no set of roles ${set}`);
  return found;
}

function grant(account: string, { role, on, why, prefixes = [], channel }: Role): string {
  const folders = prefixes.length > 0 ? `: ${prefixes.map(code).join(' ')}` : '';
  const where = channel === undefined ? '' : ` (where ${channel} is told)`;
  return row(code(account), code(role.replace(/^custom:/, '')), `${code(on)}${folders}${where}`, why);
}

function callers(name: string, deployable: Deployable, deployables: Table['deployables']): string {
  const { kind, ingress, invoker_check, invokers, push = {}, eventarc = {} } = deployable;
  if (kind === 'job') {
    const starters = Object.entries(deployables)
      .filter(([, { roles }]) => roles.some(({ on }) => on === `job:${name}`))
      .map(([starter]) => code(starter));
    return starters.length > 0 ? `started by ${starters.join(', ')}` : 'started by a person';
  }
  if (kind === 'flex-template') return 'nobody; it reads its subscriptions';
  const pushed = Object.values(push).map(({ topic, events }) => `pushes of ${code(topic)}${said(events)}`);
  const triggers = Object.values(eventarc).map(({ bucket }) => `Eventarc, objects of the ${bucket} bucket`);
  const people =
    invoker_check === false
      ? ['whoever shows an ID token that the service’s own lists admit; it checks the signature itself']
      : invokers === undefined
        ? []
        : [`the variable ${code(invokers)}`];
  const who = [...people, ...pushed, ...triggers];
  return `${ingress === 'all' ? 'from anywhere' : 'from within the project’s networks'}: ${who.join('; ') || 'nobody'}`;
}

const said = (events: readonly string[] | undefined): string =>
  events === undefined || events.length === 0 ? '' : ` (${events.join(', ')})`;

if (import.meta.main) writeFileSync(DOCUMENT, identitiesDocument(readTable()));
