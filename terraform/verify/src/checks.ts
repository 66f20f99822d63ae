import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { containersAreBound, secretsAreReferences } from './assertions/containers.ts';
import { deliveriesSignIn, subscriptionsGiveUpSafely } from './assertions/delivery.ts';
import { environmentsAreRead } from './assertions/environment.ts';
import { grantsHaveRows } from './assertions/grants.ts';
import { nobodyIsEverybody, rolesAreNarrow } from './assertions/roles.ts';
import type { Planned, Violation } from './planned.ts';
import type { Table } from './table.ts';

/** What of an environment's variables decides which rows of the table hold in it. */
export interface EnvironmentFacts {
  readonly topicPrefix: string;
  /** Channels of notify, and whatever else a row's `channel` names, that are in use. */
  readonly channels: ReadonlySet<string>;
  /** Deployables that the environment goes without. */
  readonly absent: ReadonlySet<string>;
}

/** Everything that is asserted on a planned environment. */
export function checkEnvironment(
  root: string,
  plan: readonly Planned[],
  table: Table,
  facts: EnvironmentFacts,
): Violation[] {
  return [
    ...rolesAreNarrow(plan),
    ...nobodyIsEverybody(plan),
    ...deliveriesSignIn(plan, table),
    ...subscriptionsGiveUpSafely(plan),
    ...secretsAreReferences(plan),
    ...containersAreBound(plan, table),
    ...environmentsAreRead(plan, table, mentionedIn(root)),
    ...grantsHaveRows(plan, table, facts),
  ];
}

/** Code that runs in every deployable. */
const SHARED = 'platform/src';
const CODE = /\.(ts|py|java|ya?ml|sql)$|Dockerfile$|\.sh$/;
const NO_CODE = new Set(['node_modules', 'target', 'generated', '__pycache__', 'test', 'tests']);

/** Whether the code of a source folder, or of the platform, names a variable; tests are no code that reads it. */
export function mentionedIn(root: string): (source: string, variable: string) => boolean {
  const texts = new Map<string, string>();
  const textOf = (folder: string): string => {
    const known = texts.get(folder) ?? readAll(join(root, folder));
    texts.set(folder, known);
    return known;
  };
  return (source, variable) => [source, SHARED].some((folder) => new RegExp(`\\b${variable}\\b`).test(textOf(folder)));
}

function readAll(path: string): string {
  if (!existsSync(path)) return '';
  if (!statSync(path).isDirectory())
    return CODE.test(path) && !/\.i?test\.ts$/.test(path) ? `${readFileSync(path, 'utf8')}\n` : '';
  return readdirSync(path)
    .filter((entry) => !NO_CODE.has(entry))
    .map((entry) => readAll(join(path, entry)))
    .join('');
}
