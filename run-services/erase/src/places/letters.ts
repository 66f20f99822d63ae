import { parseDeadLetter } from '@tributary/platform/events';
import { unseal } from '@tributary/platform/pii';
import pLimit from 'p-limit';
import type { Ownership } from '../person.ts';
import { parsed } from '../person.ts';
import type { Found, Place } from '../place.ts';
import type { ErasePorts } from '../ports.ts';

const CONCURRENT_READS = 16;

/** Dead letters in the lake, with the marks beside them. Their payloads are opened. */
export function letters({ lake, lakeBucket, keys }: Pick<ErasePorts, 'lake' | 'lakeBucket' | 'keys'>): Place {
  return {
    name: 'dead letters',
    async look(ownership, remove): Promise<Found> {
      const limit = pLimit(CONCURRENT_READS);
      const names: string[] = [];
      for await (const { name } of lake.list(lakeBucket, 'dead-letter/')) if (name.endsWith('.json')) names.push(name);
      let found = 0;
      await Promise.all(
        names.map((name) =>
          limit(async () => {
            const stored = await lake.read(lakeBucket, name);
            if (!stored || !isTheirs(stored.body, ownership, keys)) return;
            found += 1;
            if (!remove) return;
            // The mark first: alone it would never be looked at again.
            await lake.remove(lakeBucket, name.replace(/\.json$/, '.replayed'));
            await lake.remove(lakeBucket, name);
          }),
        ),
      );
      return { found, removed: remove ? found : 0, notes: [] };
    },
  };
}

/** Whether a letter, as stored or as a message, is a person's. */
export function isTheirs(body: Buffer, ownership: Ownership, keys: ErasePorts['keys']): boolean {
  let letter: ReturnType<typeof parseDeadLetter>;
  try {
    letter = parseDeadLetter(body);
  } catch {
    return ownership.ownsBytes(body);
  }
  if (letter.source !== null && ownership.owns(letter.source)) return true;
  const stored = Buffer.from(letter.payload, 'base64');
  const payload = letter.sealed ? unseal(stored.toString('utf8'), keys) : stored;
  const value = parsed(payload);
  // The bare value of the view's join key, under no name of a contract.
  if (letter.reason === 'LATE')
    return String((value as { entity?: unknown } | undefined)?.entity) === ownership.person.id;
  if (value !== undefined && typeof value === 'object') return ownership.owns(value);
  // A line of a text file stands without its file's first line: whoever's number is a cell of it.
  const cells = payload
    .toString('utf8')
    .split(/[,;\t|]/)
    .map((cell) => cell.trim().replace(/^"|"$/g, ''));
  return letter.stage === 'landing' && cells.includes(ownership.person.id);
}
