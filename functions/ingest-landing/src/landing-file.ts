import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Datasets } from './datasets.ts';

/** `landing/<dataset>/<file>`; the file may lie in folders of its own. docs/interfaces.md#lake */
const LANDED = /^landing\/(?<dataset>[^/]+)\/(?<file>.+)$/;

type Format = 'csv' | 'ndjson' | 'parquet';
type Compression = 'none' | 'gzip';

/** How the pipeline reads a file, by the end of its name. */
const ENDINGS: Readonly<Record<string, Format>> = {
  csv: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'ndjson',
  parquet: 'parquet',
};

/** Parquet packs its own pages. */
const PACKED: Readonly<Record<string, Compression>> = { gz: 'gzip' };

/** A dropped file that may be ingested. */
export const landingFileSchema = z.object({
  dataset: z.string(),
  name: z.string(),
  generation: z.string(),
  size: z.number(),
  /** RFC 3339: rows have it as their commit time. */
  timeCreated: z.string(),
  format: z.enum(['csv', 'ndjson', 'parquet']),
  compression: z.enum(['none', 'gzip']).default('none'),
  /** Keyed hash of the content: tells the same file dropped again. */
  fingerprint: z.string(),
  run_id: z.string(),
  traceparent: z.string(),
});

export type LandingFile = z.output<typeof landingFileSchema>;

export type Problem = 'UNKNOWN_DATASET' | 'UNSUPPORTED_FORMAT' | 'EMPTY_FILE' | 'MISPLACED_FILE';

export type Placement =
  | { readonly dataset: string; readonly format: Format; readonly compression: Compression }
  | { readonly dataset: string; readonly problem: Problem; readonly message: string };

/** What a dropped object is, by its name and size. */
export function placementOf(name: string, size: number, datasets: Datasets): Placement {
  const { dataset, file } = LANDED.exec(name)?.groups ?? {};
  if (dataset === undefined || file === undefined) {
    return refuse('_unknown', 'MISPLACED_FILE', 'put files at landing/<dataset>/<file>');
  }
  if (!datasets.has(dataset)) {
    const known = [...datasets.keys()].sort().join(', ');
    return refuse('_unknown', 'UNKNOWN_DATASET', `no contract or mapping declares "${dataset}"; there are ${known}`);
  }
  const [, ending = '', packing = ''] = /\.([a-z0-9]+?)(?:\.(gz))?$/i.exec(file.toLowerCase()) ?? [];
  const format = ENDINGS[ending];
  if (!format || (format === 'parquet' && packing)) {
    const known = Object.keys(ENDINGS).map((it) => `.${it}`);
    const problem = `a file that ends in ".${ending}${packing && `.${packing}`}" cannot be read`;
    return refuse(dataset, 'UNSUPPORTED_FORMAT', `${problem}; use ${known.join(', ')}, the text ones also with .gz`);
  }
  if (size === 0) return refuse(dataset, 'EMPTY_FILE', 'the file is empty');
  return { dataset, format, compression: PACKED[packing] ?? 'none' };
}

/**
 * Whether the bytes are of the kind that the name says; undefined where they are.
 *
 * @returns what they are or are not, for people
 */
export function mismatchOf(
  { format, compression }: Pick<LandingFile, 'format' | 'compression'>,
  body: Buffer,
): string | undefined {
  const found = MAGICS.find(({ bytes }) => body.subarray(0, bytes.length).equals(bytes))?.kind;
  const expected = compression === 'gzip' ? 'gzip' : format === 'parquet' ? 'Parquet' : undefined;
  if (found === expected) return undefined;
  return expected === undefined
    ? `its name says ${format}, but it begins as ${found} does`
    : `its name says ${expected}, but it does not begin as ${expected} does`;
}

/** How files begin that are no text. */
const MAGICS: readonly { kind: string; bytes: Buffer }[] = [
  { kind: 'gzip', bytes: Buffer.from([0x1f, 0x8b]) },
  { kind: 'Parquet', bytes: Buffer.from('PAR1') },
  { kind: 'zip (or a spreadsheet)', bytes: Buffer.from('PK\x03\x04') },
  { kind: 'zstd', bytes: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
  { kind: 'bzip2', bytes: Buffer.from('BZh') },
];

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
