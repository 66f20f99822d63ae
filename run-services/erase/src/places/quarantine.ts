import { type PiiKeys, seal, unseal } from '@tributary/platform/pii';
import type { Ownership } from '../person.ts';
import type { Found, Place } from '../place.ts';
import type { ErasePorts } from '../ports.ts';
import { judgeDropped, judgeParquet, mayName, type Verdict } from './file-verdict.ts';

/** Sealed one by one and kept one a line, as ingest-landing does it. */
const SEALED_CHUNK_BYTES = 16 * 1024 * 1024;

/** `quarantine/<dataset>/<file>.<generation>.sealed` of a dropped file. */
const DROPPED = /^quarantine\/[^/]+\/(?<file>.+)\.\d+\.sealed$/;

type Ports = Pick<ErasePorts, 'lake' | 'lakeBucket' | 'keys' | 'contracts' | 'mappings'>;

/**
 * Files that were set aside and can be read. Text files are written anew without the person's records; others go as a whole, with their reasons, where they hold
 * the person: what a processed file held of others, `npm run backfill` makes again from raw.
 */
export function quarantine(ports: Ports): Place {
  const { lake, lakeBucket, keys } = ports;
  return {
    name: 'quarantine',
    async look(ownership, remove): Promise<Found> {
      let [found, guessed] = [0, 0];
      const notes: string[] = [];
      for await (const [name, verdict] of verdicts(ownership, ports)) {
        if (verdict.kind === 'damaged') continue;
        found += verdict.records;
        guessed += verdict.guessed;
        if (!remove) continue;
        if (verdict.kept) {
          await lake.write(lakeBucket, name, sealed(verdict.kept, keys));
        } else {
          await removeWhole(name, ports);
          notes.push(`${name} was removed whole: it holds rows of the person, and of others perhaps`);
        }
      }
      return { found, removed: remove ? found : 0, guessed, notes };
    },
  };
}

/** Files that were set aside and are damaged. They are no sign of anybody, and go with the data of somebody who is known. */
export function damagedFiles(ports: Ports): Place {
  return {
    name: 'damaged files in quarantine',
    async look(ownership, remove): Promise<Found> {
      let found = 0;
      const notes: string[] = [];
      for await (const [name, verdict] of verdicts(ownership, ports)) {
        if (verdict.kind !== 'damaged') continue;
        found += 1;
        if (!remove) continue;
        await removeWhole(name, ports);
        notes.push(`${name} was removed whole: it is damaged, so nobody can tell whose data it holds`);
      }
      return { found, removed: remove ? found : 0, notes };
    },
  };
}

async function* verdicts(ownership: Ownership, ports: Ports): AsyncIterable<readonly [name: string, Verdict]> {
  const { lake, lakeBucket } = ports;
  for await (const { name } of lake.list(lakeBucket, 'quarantine/')) {
    if (name.endsWith('.reason.json') || !mayName(ownership, name.split('/')[1]!, ports)) continue;
    const stored = await lake.read(lakeBucket, name);
    const verdict = stored && (await judge(name, stored.body, ownership, ports));
    if (verdict) yield [name, verdict];
  }
}

async function judge(name: string, body: Buffer, ownership: Ownership, ports: Ports): Promise<Verdict | undefined> {
  const dataset = name.split('/')[1]!;
  const { file } = DROPPED.exec(name)?.groups ?? {};
  if (file === undefined) return judgeParquet(dataset, body, ownership, ports);
  const content = Buffer.concat(
    body
      .toString('utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => unseal(line, ports.keys)),
  );
  return judgeDropped(dataset, file, content, ownership, ports);
}

async function removeWhole(name: string, { lake, lakeBucket }: Ports): Promise<void> {
  await lake.remove(lakeBucket, `${name}.reason.json`);
  await lake.remove(lakeBucket, name);
}

function sealed(body: Buffer, keys: PiiKeys): string {
  const chunks: string[] = [];
  for (let from = 0; from < body.length; from += SEALED_CHUNK_BYTES)
    chunks.push(seal(body.subarray(from, from + SEALED_CHUNK_BYTES), keys));
  return `${chunks.join('\n')}\n`;
}
