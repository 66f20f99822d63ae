import { parseDeadLetter } from '@tributary/platform/events';
import { unseal } from '@tributary/platform/pii';
import pLimit from 'p-limit';
import type { Ownership } from '../person.ts';
import { parsed } from '../person.ts';
import type { Found, Place } from '../place.ts';
import type { ErasePorts } from '../ports.ts';
import { datasetOf, namesThem, subjectCells } from './subject-cells.ts';

const CONCURRENT_READS = 16;

/** Dead letters in the lake, with the marks beside them. Their payloads are opened. */
export function letters(ports: Pick<ErasePorts, 'lake' | 'lakeBucket' | 'keys' | 'mappings'>): Place {
  const { lake, lakeBucket } = ports;
  return {
    name: 'dead letters',
    async look(ownership, remove): Promise<Found> {
      const limit = pLimit(CONCURRENT_READS);
      const names: string[] = [];
      for await (const { name } of lake.list(lakeBucket, 'dead-letter/')) if (name.endsWith('.json')) names.push(name);
      let [found, guessed] = [0, 0];
      await Promise.all(
        names.map((name) =>
          limit(async () => {
            const stored = await lake.read(lakeBucket, name);
            const verdict = stored && judgeLetter(stored.body, ownership, ports);
            if (!verdict) return;
            found += 1;
            if (verdict === 'guess') guessed += 1;
            if (!remove) return;
            // The mark first: alone it would never be looked at again.
            await lake.remove(lakeBucket, name.replace(/\.json$/, '.replayed'));
            await lake.remove(lakeBucket, name);
          }),
        ),
      );
      return { found, removed: remove ? found : 0, guessed, notes: [] };
    },
  };
}

/** Whether a letter, as stored or as a message, is a person's; a guess where it has their number under no name. */
export function judgeLetter(
  body: Buffer,
  ownership: Ownership,
  { keys, mappings }: Pick<ErasePorts, 'keys' | 'mappings'>,
): 'theirs' | 'guess' | undefined {
  let letter: ReturnType<typeof parseDeadLetter>;
  try {
    letter = parseDeadLetter(body);
  } catch {
    return ownership.ownsBytes(body) ? 'theirs' : undefined;
  }
  if (letter.source !== null && ownership.owns(letter.source)) return 'theirs';
  const stored = Buffer.from(letter.payload, 'base64');
  const payload = letter.sealed ? unseal(stored.toString('utf8'), keys) : stored;
  const value = parsed(payload);
  // The bare value of the view's join key, under no name of a contract.
  if (letter.reason === 'LATE')
    return String((value as { entity?: unknown } | undefined)?.entity) === ownership.person.id ? 'theirs' : undefined;
  const cells = subjectCells(datasetOf(letter.source?.uri) ?? letter.stream, ownership.person, mappings);
  if (typeof value === 'object' && value !== null) {
    const isNamed = letter.stage === 'landing' && namesThem(value, cells);
    return isNamed || ownership.owns(value) ? 'theirs' : undefined;
  }
  // A line of a text file stands without its file's first line: whoever's number is a cell of it, where its stream names people at all.
  if (letter.stage !== 'landing' || !ownership.person.subject.fields.has(letter.stream)) return undefined;
  const isTheirs = payload
    .toString('utf8')
    .split(/[,;\t|]/)
    .some((cell) => cells.isTheirs(cell.trim().replace(/^"|"$/g, '')));
  return isTheirs ? 'guess' : undefined;
}
