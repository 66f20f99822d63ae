import type { Bus } from '@tributary/platform/bus';
import { TributaryError, UserError } from '@tributary/platform/errors';
import { chainEvent, chainMessage, digestId } from '@tributary/platform/events';
import { isPreconditionFailed } from '@tributary/platform/group-commit';
import type { Lake, LakeObject } from '@tributary/platform/lake';
import type { Logger } from '@tributary/platform/log';
import type { Warehouse } from '@tributary/platform/warehouse';
import { Ledger, type LedgerEntry, REWRITTEN } from '../ledger.ts';
import { objectId } from '../object.ts';
import { triage } from '../triage.ts';
import { close, markCommitted, OPEN, type OpenRewrite, readManifest } from './manifest.ts';
import { mergeByEventId } from './merge.ts';

export interface RewritePorts {
  readonly lake: Lake;
  readonly bucket: string;
  readonly warehouse: Warehouse;
  readonly bus: Bus;
  /** Brings `staging.<stream>` up to its contract and tells its columns; undefined where no contract declares the stream. */
  readonly staging: (stream: string) => Promise<readonly string[] | undefined>;
}

/** Manifests carried out together: their changes are one load and one statement. */
const MAX_TOGETHER = 500;

/** An output's entry is written before the object has a generation: no store gives this one. */
const NO_GENERATION = '0';

/**
 * Carries out the rewrites that wait for a stream: files of the lake are replaced by one that holds their rows, or, in an erasure, by one
 * without a person's, and by none where no other row is left. Runs under the stream's lease.
 *
 * **Check.** Every input is there, of the size it was read with, and, under `processed/`, in the warehouse. An input that is not loaded yet lets the rewrite wait;
 * one that is gone, because another rewrite or the quarantine took it, ends it: nothing was changed, and what was staged is removed.
 * **Commit.** The manifest says so, by a conditional write. From here on the rewrite only goes forward; whoever comes after a crash goes on:
 * 1. rows that changed take the place of the old ones in the warehouse (by event id, one statement, the same if repeated), and `warehouse.loaded` is said;
 * 2. the ledger says of the output that its rows are in the warehouse, so that the event of the copy loads nothing;
 * 3. the output is copied to its name. Now rows may be seen twice, by readers that do not keep one an event id;
 * 4. the inputs are removed. Not before: at no time is a row missing;
 * 5. what was staged is removed, the manifest last.
 *
 * Two rewrites of one input: the first to be committed wins. A committed one is always finished before another is checked, so the loser finds the input gone.
 */
export async function commitRewrites(stream: string, ports: RewritePorts, log: Logger): Promise<void> {
  const { lake, bucket } = ports;
  const names: string[] = [];
  for await (const { name } of lake.list(bucket, `${OPEN}${stream}/`)) if (name.endsWith('.json')) names.push(name);
  const open: OpenRewrite[] = [];
  for (const name of names) {
    const found = await readManifest(lake, bucket, name);
    if (found) open.push(found);
  }
  const isCommitted = ({ manifest }: OpenRewrite) => manifest.state === 'committed';
  await carryOut(stream, open.filter(isCommitted), ports, log);
  const fresh = open.filter((rewrite) => !isCommitted(rewrite));
  for (let from = 0; from < fresh.length; from += MAX_TOGETHER) {
    const committed = await commit(stream, fresh.slice(from, from + MAX_TOGETHER), ports, log);
    await carryOut(stream, committed, ports, log);
  }
}

async function commit(
  stream: string,
  rewrites: readonly OpenRewrite[],
  ports: RewritePorts,
  log: Logger,
): Promise<OpenRewrite[]> {
  const { lake, bucket } = ports;
  const folders = new Map<string, Map<string, LakeObject>>();
  const taken = new Set<string>();
  const committed: OpenRewrite[] = [];
  for (const rewrite of rewrites) {
    const { folder, inputs, id } = rewrite.manifest;
    const present = folders.get(folder) ?? (await listFolder(lake, bucket, folder));
    folders.set(folder, present);
    const lost = inputs.find(({ name, size }) => taken.has(name) || present.get(name)?.size !== size);
    if (lost) {
      const reason = `${lost.name} is not what it was when it was read: another rewrite took it, or it was quarantined`;
      log.warn({ rewrite: id, stream, reason }, 'a rewrite is discarded');
      await close(lake, rewrite, { outcome: 'discarded', reason });
      continue;
    }
    if (folder.startsWith('processed/') && !(await areLoaded(stream, inputs, present, ports))) {
      log.info({ rewrite: id, stream }, 'a rewrite waits until its inputs are loaded');
      continue;
    }
    try {
      committed.push(await markCommitted(lake, rewrite));
    } catch (error) {
      // The job was repeated, or somebody else believes to hold the lease: the next look decides.
      if (!isPreconditionFailed(error)) throw error;
      continue;
    }
    for (const { name } of inputs) taken.add(name);
  }
  return committed;
}

async function listFolder(lake: Lake, bucket: string, folder: string): Promise<Map<string, LakeObject>> {
  const present = new Map<string, LakeObject>();
  for await (const object of lake.list(bucket, folder)) present.set(object.name, object);
  return present;
}

/** Whether loading these objects would do nothing, because their rows are in the warehouse. */
async function areLoaded(
  stream: string,
  inputs: readonly { readonly name: string }[],
  present: ReadonlyMap<string, LakeObject>,
  { warehouse, bucket }: RewritePorts,
): Promise<boolean> {
  const objects = inputs.map(({ name }) => present.get(name)!);
  if (objects.length === 0) return true;
  const known = await new Ledger(warehouse).find(
    stream,
    objects.map(({ name }) => name),
  );
  return triage(bucket, objects, known).load.length === 0;
}

async function carryOut(
  stream: string,
  rewrites: readonly OpenRewrite[],
  ports: RewritePorts,
  log: Logger,
): Promise<void> {
  if (rewrites.length === 0) return;
  const processed = rewrites.filter(({ manifest }) => manifest.folder.startsWith('processed/'));
  await mergeChanges(stream, processed, ports);
  const placed = processed.filter(({ manifest }) => manifest.output.rows > 0);
  await new Ledger(ports.warehouse).add(placed.map((rewrite) => outputEntry(stream, rewrite, ports.bucket)));
  for (const rewrite of rewrites) {
    await replaceObjects(rewrite, ports);
    await close(ports.lake, rewrite, { outcome: 'done' });
  }
  log.info({ stream, rewrites: rewrites.length }, 'files were rewritten');
}

async function mergeChanges(stream: string, rewrites: readonly OpenRewrite[], ports: RewritePorts): Promise<void> {
  const { lake, bucket, warehouse, bus } = ports;
  const changing = rewrites.flatMap(({ manifest: { id, changes } }) => (changes ? [{ id, ...changes }] : []));
  const startedAt = new Date();
  // Whoever died between the removals of what was staged had merged it.
  const there: typeof changing = [];
  for (const change of changing) if (await exists(lake, bucket, change.staged)) there.push(change);
  if (there.length === 0) return;
  const columns = await ports.staging(stream);
  if (columns === undefined) {
    throw new UserError(
      'REWRITE_STREAM_UNKNOWN',
      `No contract declares ${stream} any more, and rows of it are to be replaced. Bring its contract back, or remove rewrites/open/${stream}/.`,
    );
  }
  const rows = there.reduce((sum, change) => sum + change.rows, 0);
  const uris = there.map(({ staged }) => lake.uri(bucket, staged));
  await mergeByEventId(warehouse, stream, columns, uris, rows);
  const ids = there.map(({ id }) => id).sort();
  await bus.publish('chain', [
    chainMessage(
      chainEvent({
        type: 'warehouse.loaded',
        runId: digestId(['rewrite', ...ids]),
        streams: [stream],
        startedAt,
        counts: { objects: there.length, rows, bytes: there.reduce((sum, { size }) => sum + size, 0), quarantined: 0 },
        detail: { manifest: `rewrite-${digestId(ids)}`, job_id: REWRITTEN, objects: there.length },
        identity: ['rewrite', ...ids],
      }),
    ),
  ]);
}

async function replaceObjects({ manifest }: OpenRewrite, { lake, bucket }: RewritePorts): Promise<void> {
  const { inputs, output } = manifest;
  if (output.rows === 0) {
    // All that the files held was a person's. A file of none would only be listed for ever.
    for (const { name } of inputs) await lake.remove(bucket, name);
    return;
  }
  const copied = await lake.copy(bucket, output.staged, output.name);
  if (!copied && !(await exists(lake, bucket, output.name))) {
    throw new TributaryError(
      'REWRITE_OUTPUT_MISSING',
      'bug',
      `${output.staged} is gone and ${output.name} is not there; no input was removed. Remove the manifest ${manifest.id} and run the command again.`,
    );
  }
  // What a rewrite makes of one file and a copy of some of its rows is that file.
  for (const { name } of inputs) if (name !== output.name) await lake.remove(bucket, name);
}

async function exists(lake: Lake, bucket: string, name: string): Promise<boolean> {
  for await (const object of lake.list(bucket, name)) return object.name === name;
  return false;
}

function outputEntry(stream: string, { manifest }: OpenRewrite, bucket: string): LedgerEntry {
  const { name, size, rows } = manifest.output;
  return {
    object_id: objectId(bucket, { name, generation: NO_GENERATION }),
    stream,
    bucket,
    name,
    generation: NO_GENERATION,
    job_id: REWRITTEN,
    manifest: `rewrite-${manifest.id}`,
    row_count: rows,
    byte_count: size,
  };
}
