import { gunzipSync, gzipSync } from 'node:zlib';
import { type PiiKeys, seal, unseal } from '@tributary/platform/pii';
import { parquetReadObjects } from 'hyparquet';
import type { Ownership } from '../person.ts';
import type { Found, Place } from '../place.ts';
import type { ErasePorts } from '../ports.ts';
import { withoutRecords } from './records.ts';

/** Sealed one by one and kept one a line, as ingest-landing does it. */
const SEALED_CHUNK_BYTES = 16 * 1024 * 1024;

/** `quarantine/<dataset>/<file>.<generation>.sealed` of a dropped file. */
const DROPPED = /^quarantine\/(?<dataset>[^/]+)\/(?<file>.+)\.\d+\.sealed$/;

type Ports = Pick<ErasePorts, 'lake' | 'lakeBucket' | 'keys' | 'contracts' | 'mappings'>;

/**
 * Files that were set aside. Text files are written anew without the person's records; others go as a whole, with their reasons, where they hold the person or
 * cannot be looked into: what a processed file held of others, `npm run backfill` makes again from raw.
 */
export function quarantine(ports: Ports): Place {
  const { lake, lakeBucket, keys } = ports;
  return {
    name: 'quarantine',
    async look(ownership, remove): Promise<Found> {
      let [found, removed] = [0, 0];
      const notes: string[] = [];
      for await (const { name } of lake.list(lakeBucket, 'quarantine/')) {
        if (name.endsWith('.reason.json')) continue;
        const stored = await lake.read(lakeBucket, name);
        const verdict = stored && (await judge(name, stored.body, ownership, ports));
        if (!verdict) continue;
        found += verdict.records;
        if (!remove) continue;
        if (verdict.kept) {
          await lake.write(lakeBucket, name, sealed(verdict.kept, keys));
        } else {
          await lake.remove(lakeBucket, `${name}.reason.json`);
          await lake.remove(lakeBucket, name);
          notes.push(`${name} was removed whole: ${verdict.why}`);
        }
        removed += verdict.records;
      }
      return { found, removed, notes };
    },
  };
}

interface Verdict {
  readonly records: number;
  /** What is left of the file; undefined where all of it goes. */
  readonly kept?: Buffer;
  readonly why?: string;
}

async function judge(name: string, body: Buffer, ownership: Ownership, ports: Ports): Promise<Verdict | undefined> {
  const { dataset, file } = DROPPED.exec(name)?.groups ?? {};
  if (dataset === undefined || file === undefined) return judgeParquet(body, ownership);
  const content = Buffer.concat(
    body
      .toString('utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => unseal(line, ports.keys)),
  );
  if (/\.parquet$/i.test(file)) return judgeParquet(content, ownership);
  const packed = /\.gz$/i.test(file);
  let text: Buffer;
  try {
    text = packed ? gunzipSync(content) : content;
  } catch {
    return { records: 1, why: 'it is damaged, so nobody can tell whose data it holds' };
  }
  // Byte for character: what is kept stays as it was, whatever its encoding.
  const without = withoutRecords(text.toString('latin1'), file.replace(/\.gz$/i, ''), dataset, ownership.person, ports);
  if (without.removed === 0) return undefined;
  const kept = Buffer.from(without.text, 'latin1');
  return { records: without.removed, kept: packed ? gzipSync(kept) : kept };
}

async function judgeParquet(body: Buffer, ownership: Ownership): Promise<Verdict | undefined> {
  const copy = new ArrayBuffer(body.byteLength);
  new Uint8Array(copy).set(body);
  let rows: readonly object[];
  try {
    rows = await parquetReadObjects({ file: copy });
  } catch {
    return { records: 1, why: 'it is damaged, so nobody can tell whose data it holds' };
  }
  const records = rows.filter((row) => ownership.owns(row)).length;
  return records === 0 ? undefined : { records, why: 'it holds rows of the person, and of others perhaps' };
}

function sealed(body: Buffer, keys: PiiKeys): string {
  const chunks: string[] = [];
  for (let from = 0; from < body.length; from += SEALED_CHUNK_BYTES)
    chunks.push(seal(body.subarray(from, from + SEALED_CHUNK_BYTES), keys));
  return `${chunks.join('\n')}\n`;
}
