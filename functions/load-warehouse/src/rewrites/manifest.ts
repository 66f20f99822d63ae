import { TributaryError } from '@tributary/platform/errors';
import type { Lake, LakeObject } from '@tributary/platform/lake';
import { z } from 'zod';

/** Where rewrites wait; no reader of the lake looks there. */
export const OPEN = 'rewrites/open/';
/** What became of them, and the reports of the runs. */
export const DONE = 'rewrites/done/';

const staged = z.strictObject({ staged: z.string(), size: z.int().min(0), rows: z.int().min(0) });

/** docs/interfaces.md#rewrites */
const manifestSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  run: z.string(),
  kind: z.enum(['compaction', 'backfill', 'erasure']),
  /** `committed`: from here on it only goes forward. */
  state: z.enum(['staged', 'committed']),
  folder: z.string().regex(/^(raw|processed)\/[^/]+\/dt=[^/]+\/hr=[^/]+\/$/),
  inputs: z.array(z.strictObject({ name: z.string(), size: z.int().min(0) })),
  output: staged.extend({ name: z.string() }),
  changes: staged.nullable(),
});

export type RewriteManifest = z.output<typeof manifestSchema>;

/** A manifest and the object it is. */
export interface OpenRewrite {
  readonly manifest: RewriteManifest;
  readonly object: LakeObject;
}

/** What became of a rewrite. */
export type RewriteOutcome =
  | { readonly outcome: 'done' }
  /** Another one took its inputs first; nothing was changed. */
  | { readonly outcome: 'discarded'; readonly reason: string };

/** The result as it is kept at `rewrites/done/<stream>/<run>/<id>.json`. */
export const resultSchema = z.object({
  id: z.string(),
  kind: z.enum(['compaction', 'backfill', 'erasure']),
  folder: z.string(),
  outcome: z.enum(['done', 'discarded']),
  reason: z.string().nullable(),
  inputs: z.int(),
  rows: z.int(),
  changed_rows: z.int(),
  time: z.string(),
});

export type RewriteResult = z.output<typeof resultSchema>;

/** The stream of an object under `rewrites/`. */
export function streamOfRewrite(name: string): string | undefined {
  return /^rewrites\/(?:open|done)\/([^/]+)\//.exec(name)?.[1];
}

/** Reads a manifest; undefined where it is gone. */
export async function readManifest(lake: Lake, bucket: string, name: string): Promise<OpenRewrite | undefined> {
  const found = await lake.read(bucket, name);
  if (!found) return undefined;
  const parsed = manifestSchema.safeParse(JSON.parse(found.body.toString('utf8')));
  if (!parsed.success) {
    throw new TributaryError(
      'REWRITE_MALFORMED',
      'bug',
      `${name} is no manifest of this version: ${z.prettifyError(parsed.error)}. Remove it and run the command again.`,
    );
  }
  return { manifest: parsed.data, object: found.object };
}

/** From here on the rewrite is carried out, whoever does it. */
export async function markCommitted(lake: Lake, { manifest, object }: OpenRewrite): Promise<OpenRewrite> {
  const committed = { ...manifest, state: 'committed' as const };
  const written = await lake.write(object.bucket, object.name, JSON.stringify(committed), {
    ifMatch: object.token,
    contentType: 'application/json',
  });
  return { manifest: committed, object: written };
}

/** Leaves the result, then nothing that was staged; the manifest goes last. */
export async function close(lake: Lake, { manifest, object }: OpenRewrite, outcome: RewriteOutcome): Promise<void> {
  const result: RewriteResult = {
    id: manifest.id,
    kind: manifest.kind,
    folder: manifest.folder,
    outcome: outcome.outcome,
    reason: outcome.outcome === 'discarded' ? outcome.reason : null,
    inputs: manifest.inputs.length,
    rows: manifest.output.rows,
    changed_rows: manifest.changes?.rows ?? 0,
    time: new Date().toISOString(),
  };
  const name = object.name.replace(OPEN, DONE);
  await lake.write(object.bucket, name, JSON.stringify(result), { contentType: 'application/json' });
  if (manifest.changes) await lake.remove(object.bucket, manifest.changes.staged);
  await lake.remove(object.bucket, manifest.output.staged);
  await lake.remove(object.bucket, object.name);
}
