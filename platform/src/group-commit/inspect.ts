import pLimit from 'p-limit';
import type { Lake } from '../lake/port.ts';
import { type Clock, systemClock } from './clock.ts';
import { ARRIVALS, CONTROL, ControlNames, leaseSchema, manifestSchema, parseControl } from './format.ts';
import { isHeld } from './lease.ts';

export interface CommitState {
  readonly name: string;
  /** Arrivals on record, those of the open manifest included. */
  readonly waiting: number;
  /** The id of the open manifest, if there is one. */
  readonly openManifest: string | undefined;
  readonly leaseHeld: boolean;
}

/** A prefix in `control/` that is not a commit has no manifests; its reads are few. */
const CONCURRENT_READS = 8;

/** What every group commit of a lake is at, in name order. Nothing is under way in the chain where none waits, is open, or holds its lease. */
export async function inspectCommits(lake: Lake, bucket: string, clock: Clock = systemClock): Promise<CommitState[]> {
  const objects = new Map<string, string[]>();
  for await (const { name } of lake.list(bucket, CONTROL)) {
    const commit = name.slice((name.startsWith(ARRIVALS) ? ARRIVALS : CONTROL).length).split('/', 1)[0]!;
    const names = objects.get(commit);
    if (names) names.push(name);
    else objects.set(commit, [name]);
  }
  const limit = pLimit(CONCURRENT_READS);
  const states = [...objects]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([commit, names]) => limit(() => inspect(lake, bucket, clock, commit, names)));
  return (await Promise.all(states)).filter((state) => state !== undefined);
}

/** Names of the commits, of those that begin so, for which something waits or is worked on. Costs one listing, of nothing where all is quiet. */
export async function waitingCommits(lake: Lake, bucket: string, namePrefix: string): Promise<string[]> {
  const commits = new Set<string>();
  for await (const { name } of lake.list(bucket, `${ARRIVALS}${namePrefix}`)) {
    commits.add(name.slice(ARRIVALS.length).split('/', 1)[0]!);
  }
  return [...commits];
}

/** Whether anything waits for, or is worked on by, a commit whose name begins so. Cheaper than `inspectCommits`: nothing is read. */
export async function isAnyWaiting(lake: Lake, bucket: string, namePrefix: string): Promise<boolean> {
  for await (const _ of lake.list(bucket, `${ARRIVALS}${namePrefix}`)) return true;
  return false;
}

async function inspect(
  lake: Lake,
  bucket: string,
  clock: Clock,
  commit: string,
  objects: readonly string[],
): Promise<CommitState | undefined> {
  const names = new ControlNames(commit);
  const arrivals = objects.filter((name) => name.startsWith(names.arrivals));
  const manifest = objects.findLast((name) => name.startsWith(names.manifests));
  const hasLease = objects.includes(names.lease);
  if (arrivals.length === 0 && manifest === undefined && !hasLease) return undefined;
  const foundManifest = manifest === undefined ? undefined : await lake.read(bucket, manifest);
  const foundLease = hasLease ? await lake.read(bucket, names.lease) : undefined;
  const latest = foundManifest && parseControl(manifestSchema, foundManifest.object.name, foundManifest.body);
  const lease = foundLease && parseControl(leaseSchema, names.lease, foundLease.body);
  return {
    name: commit,
    waiting: arrivals.length,
    openManifest: latest?.state === 'open' ? latest.id : undefined,
    leaseHeld: lease !== undefined && isHeld(lease, clock.now()),
  };
}
