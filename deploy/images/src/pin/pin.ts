import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import pLimit from 'p-limit';
import { type BaseImageLock, LOCK_FILE, readLock, writeLock } from '../base-images.ts';
import { actionsOf, commitOf, pinnedWorkflow, unpinnedIn } from './actions.ts';
import { digestOf } from './registry.ts';

const WORKFLOWS = '.github/workflows';
/** Registries and GitHub bear this many requests at once from one client. */
const AT_ONCE = 4;

export interface PinPorts {
  readonly root: string;
  readonly crane: string;
  readonly github: { readonly api: string; readonly token?: string };
}

export interface PinReport {
  /** What has another digest or commit than before: `name: old → new`. */
  readonly changed: readonly string[];
  readonly images: number;
  readonly actions: number;
}

/**
 * Asks registries and GitHub what tags stand for now, keeps it in the lock file and writes it into the workflows. All or nothing: where one cannot be
 * asked, no file changes.
 *
 * @throws {TransientError} REGISTRY_UNREACHABLE, GITHUB_UNREACHABLE; {UserError} NO_SUCH_ACTION, LOCK_INVALID
 */
export async function pin({ root, crane, github }: PinPorts): Promise<PinReport> {
  const before = readLock(root);
  const workflows = readWorkflows(root);
  const uses = [...new Set([...workflows.values()].flatMap(actionsOf))].sort();
  const limit = pLimit(AT_ONCE);
  const [images, actions] = await Promise.all([
    Promise.all(
      Object.entries(before.images).map(([name, { tag }]) =>
        limit(async () => [name, { tag, digest: await digestOf(tag, crane) }] as const),
      ),
    ),
    Promise.all(uses.map((use) => limit(async () => [use, await commitOf(use, github)] as const))),
  ]);
  const lock: BaseImageLock = { images: Object.fromEntries(images), actions: Object.fromEntries(actions) };
  writeLock(root, lock);
  for (const [file, text] of workflows) writeFileSync(file, pinnedWorkflow(text, lock.actions));
  return {
    changed: [
      ...images.flatMap(([name, { digest }]) => difference(name, before.images[name]?.digest, digest)),
      ...actions.flatMap(([use, commit]) => difference(use, before.actions[use], commit)),
    ],
    images: images.length,
    actions: actions.length,
  };
}

/**
 * Passes where every base image has its digest and every action is used by the commit in the lock file: what CI asks before it builds anything. Asks nobody.
 *
 * @throws {UserError} UNPINNED naming everything that is not, and `npm run pin`
 */
export function checkPinned(root: string): void {
  const lock = readLock(root);
  const unpinned = [
    ...Object.values(lock.images).flatMap(({ tag, digest }) => (digest === null ? [tag] : [])),
    ...[...readWorkflows(root).values()].flatMap((text) => unpinnedIn(text, lock.actions)),
  ];
  if (unpinned.length > 0)
    throw new UserError(
      'UNPINNED',
      `These have no digest or commit in ${LOCK_FILE}:\n  ${[...new Set(unpinned)].sort().join('\n  ')}\nRun "npm run pin" where registries and GitHub can be reached, and commit what it changes.`,
    );
}

function difference(name: string, old: string | null | undefined, now: string): string[] {
  return old === now ? [] : [`${name}: ${old ?? 'nothing'} → ${now}`];
}

function readWorkflows(root: string): Map<string, string> {
  const folder = join(root, WORKFLOWS);
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name));
  return new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
}
