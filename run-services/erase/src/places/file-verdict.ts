import { gunzipSync, gzipSync } from 'node:zlib';
import type { CompiledContract } from '@tributary/platform/contracts';
import { parquetReadObjects } from 'hyparquet';
import type { Ownership } from '../person.ts';
import type { ErasePorts } from '../ports.ts';
import { withoutRecords } from './records.ts';
import { namesThem, subjectCells } from './subject-cells.ts';

/** Nobody could look at more as one text; what is larger counts as damaged. The gate takes no file that is. */
const MAX_TEXT_BYTES = 511 * 1024 * 1024;

/** What a landing file, or one that was set aside, has of a person. */
export type Verdict =
  | {
      readonly kind: 'theirs';
      readonly records: number;
      /** How many of those no column named: a number in a cell may be a quantity. */
      readonly guessed: number;
      /** What is left of the file; undefined where all of it has to go. */
      readonly kept?: Buffer;
    }
  /** Nobody can tell whose data it holds. */
  | { readonly kind: 'damaged' };

type Ports = Pick<ErasePorts, 'contracts' | 'mappings'>;

/** Text and Parquet files by the end of their name, as people dropped them. Nothing where they have nothing of the person. */
export async function judgeDropped(
  dataset: string,
  file: string,
  content: Buffer,
  ownership: Ownership,
  ports: Ports,
): Promise<Verdict | undefined> {
  if (/\.parquet$/i.test(file)) return judgeParquet(dataset, content, ownership, ports);
  const packed = /\.gz$/i.test(file);
  let text: Buffer;
  try {
    text = packed ? gunzipSync(content, { maxOutputLength: MAX_TEXT_BYTES }) : content;
  } catch {
    return { kind: 'damaged' };
  }
  // Byte for character: what is kept stays as it was, whatever its encoding.
  const without = withoutRecords(text.toString('latin1'), file.replace(/\.gz$/i, ''), dataset, ownership.person, ports);
  if (without.removed === 0) return undefined;
  const kept = Buffer.from(without.text, 'latin1');
  const { removed: records, guessed } = without;
  return { kind: 'theirs', records, guessed, kept: packed ? gzipSync(kept) : kept };
}

/** @param dataset or stream: where it has a mapping, its columns are called by that */
export async function judgeParquet(
  dataset: string,
  body: Buffer,
  ownership: Ownership,
  { mappings }: Ports,
): Promise<Verdict | undefined> {
  const copy = new ArrayBuffer(body.byteLength);
  new Uint8Array(copy).set(body);
  let rows: readonly object[];
  try {
    rows = await parquetReadObjects({ file: copy });
  } catch {
    return { kind: 'damaged' };
  }
  const cells = subjectCells(dataset, ownership.person, mappings);
  const records = rows.filter((row) => ownership.owns(row) || namesThem(row, cells)).length;
  return records === 0 ? undefined : { kind: 'theirs', records, guessed: 0 };
}

/**
 * Whether files of a dataset, or of a stream, can have anything of the person: a contract without the subject's field names nobody. Of a dataset that nothing
 * declares nobody can tell, so it may.
 */
export function mayName({ person }: Ownership, dataset: string, { contracts, mappings }: Ports): boolean {
  const stream = mappings.get(dataset)?.stream ?? dataset;
  const contract: CompiledContract | undefined = contracts.get(stream);
  return contract === undefined || person.subject.fields.has(stream);
}
