import { createHash } from 'node:crypto';
import { z } from 'zod';

/** `landing/<dataset>/<file>`; the file may lie in folders of its own. docs/interfaces.md#lake */
const LANDED = /^landing\/(?<dataset>[^/]+)\/(?<file>.+)$/;

/** How the pipeline reads a file, by the end of its name. */
const FORMATS: Readonly<Record<string, 'csv' | 'ndjson'>> = { csv: 'csv', ndjson: 'ndjson', jsonl: 'ndjson' };

/** A dropped file that may be ingested. */
export const landingFileSchema = z.object({
  dataset: z.string(),
  name: z.string(),
  generation: z.string(),
  size: z.number(),
  /** RFC 3339: rows have it as their commit time. */
  timeCreated: z.string(),
  format: z.enum(['csv', 'ndjson']),
  /** Keyed hash of the content: tells the same file dropped again. */
  fingerprint: z.string(),
  run_id: z.string(),
  traceparent: z.string(),
});

export type LandingFile = z.output<typeof landingFileSchema>;

export type Problem = 'UNKNOWN_DATASET' | 'UNSUPPORTED_FORMAT' | 'EMPTY_FILE' | 'MISPLACED_FILE';

export type Placement =
  | { readonly dataset: string; readonly format: LandingFile['format'] }
  | { readonly dataset: string; readonly problem: Problem; readonly message: string };

/** What a dropped object is, by its name and size. */
export function placementOf(name: string, size: number, streams: ReadonlySet<string>): Placement {
  const { dataset, file } = LANDED.exec(name)?.groups ?? {};
  if (dataset === undefined || file === undefined) {
    return refuse('_unknown', 'MISPLACED_FILE', 'put files at landing/<dataset>/<file>');
  }
  if (!streams.has(dataset)) {
    const known = [...streams].sort().join(', ');
    return refuse('_unknown', 'UNKNOWN_DATASET', `no contract declares "${dataset}"; the datasets are ${known}`);
  }
  const ending = /\.([a-z0-9]+)$/i.exec(file)?.[1]?.toLowerCase() ?? '';
  const format = FORMATS[ending];
  if (!format) {
    const known = Object.keys(FORMATS).join(', .');
    return refuse(dataset, 'UNSUPPORTED_FORMAT', `a file that ends in ".${ending}" cannot be read; use .${known}`);
  }
  if (size === 0) return refuse(dataset, 'EMPTY_FILE', 'the file is empty');
  return { dataset, format };
}

function refuse(dataset: string, problem: Problem, message: string): Placement {
  return { dataset, problem, message };
}

/** SHA-256 hex of `bucket/name#generation`. */
export function objectId(bucket: string, { name, generation }: { name: string; generation: string }): string {
  return createHash('sha256').update(objectReference(bucket, { name, generation })).digest('hex');
}

/** How events and job arguments name an object. */
export function objectReference(bucket: string, { name, generation }: { name: string; generation: string }): string {
  return `${bucket}/${name}#${generation}`;
}
