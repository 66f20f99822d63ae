import { seal, unseal } from '@tributary/platform/pii';
import { z } from 'zod';
import type { Person } from './person.ts';
import type { ErasePorts } from './ports.ts';

/** What the pipeline, and a run that goes on after a crash, has to know of the person. */
const requestSchema = z.object({
  subject: z.string(),
  id: z.string(),
  keys: z.record(z.string(), z.array(z.array(z.string()))),
  tokens: z.array(z.string()),
});

type Ports = Pick<ErasePorts, 'lake' | 'lakeBucket' | 'keys'>;

/** Where a request lies while its erasure is under way: sealed, and named by what tells nobody. */
export function requestName(erasureId: string): string {
  return `erasures/open/${erasureId}.sealed`;
}

/**
 * Keeps what tells data of the person beside their number. What an earlier run that died had kept is kept on: by now the rows that told it may be gone.
 *
 * @returns the person with all that is known
 */
export async function keepRequest(
  { lake, lakeBucket, keys }: Ports,
  erasureId: string,
  person: Person,
): Promise<Person> {
  const name = requestName(erasureId);
  const earlier = await lake.read(lakeBucket, name);
  const known: Pick<z.output<typeof requestSchema>, 'keys' | 'tokens'> = earlier
    ? requestSchema.parse(JSON.parse(unseal(earlier.body.toString('utf8'), keys).toString('utf8')))
    : { keys: {}, tokens: [] };
  const whole: Person = {
    ...person,
    keys: new Map(
      [...new Set([...Object.keys(known.keys), ...person.keys.keys()])].map((stream) => [
        stream,
        distinct([...(known.keys[stream] ?? []), ...(person.keys.get(stream) ?? [])]),
      ]),
    ),
    tokens: new Set([...known.tokens, ...person.tokens]),
  };
  const request: z.input<typeof requestSchema> = {
    subject: whole.subject.name,
    id: whole.id,
    keys: Object.fromEntries([...whole.keys].map(([stream, rows]) => [stream, rows.map((key) => [...key])])),
    tokens: [...whole.tokens],
  };
  await lake.write(lakeBucket, name, seal(Buffer.from(JSON.stringify(request)), keys));
  return whole;
}

export async function dropRequest({ lake, lakeBucket }: Ports, erasureId: string): Promise<void> {
  await lake.remove(lakeBucket, requestName(erasureId));
}

function distinct(rows: readonly (readonly string[])[]): (readonly string[])[] {
  return [...new Map(rows.map((key) => [JSON.stringify(key), key])).values()];
}
