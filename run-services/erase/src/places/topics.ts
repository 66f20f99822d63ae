import type { ReceivedMessage, Topic } from '@tributary/platform/bus';
import { parseDeadLetter } from '@tributary/platform/events';
import { parquetReadObjects } from 'hyparquet';
import type { Ownership } from '../person.ts';
import { parsed } from '../person.ts';
import type { Found, Place } from '../place.ts';
import type { ErasePorts } from '../ports.ts';
import { judgeLetter } from './letters.ts';

const TOPICS = ['changes', 'dead-letter', 'features', 'chain'] as const satisfies readonly Topic[];

type Ports = Pick<ErasePorts, 'bus' | 'keys' | 'lake' | 'lakeBucket' | 'mappings'>;
type IsRead = (message: ReceivedMessage) => boolean;

/**
 * Messages that the bus keeps after they were read. The pipeline tells nobody how far it has read but by what it wrote: a change is read when `raw/` has one of its
 * partition that came with or after it, a letter when it lies in `dead-letter/`. What is the person's may go unread: the pipeline would drop it.
 */
export function topics(ports: Ports): Place {
  const { bus } = ports;
  return {
    name: 'topics',
    async look(ownership, remove): Promise<Found> {
      let [found, removed, guessed] = [0, 0, 0];
      const notes: string[] = [];
      for (const topic of TOPICS) {
        let oldest: Date | undefined;
        const isOfPerson = (message: ReceivedMessage) => concerns(topic, message, ownership, ports);
        const isGuess = ({ data }: ReceivedMessage) =>
          topic === 'dead-letter' && judgeLetter(data, ownership, ports) === 'guess';
        const { matches } = await bus.forget(
          topic,
          (message) => {
            if (!isOfPerson(message)) return 'unknown';
            if (isGuess(message)) guessed += 1;
            if (!oldest || message.publishTime < oldest) oldest = message.publishTime;
            return 'forget';
          },
          { countOnly: true },
        );
        found += matches;
        if (!remove || !oldest) continue;
        const isRead = await readingOf(topic, oldest, ports);
        const { forgotten, left } = await bus.forget(topic, (message) =>
          isOfPerson(message) ? 'forget' : isRead(message) ? 'read' : 'unknown',
        );
        removed += forgotten;
        if (left > 0)
          notes.push(`${left} messages of ${topic} wait behind others that are not read yet; run this again`);
      }
      return { found, removed, guessed, notes };
    },
  };
}

function concerns(topic: Topic, { orderingKey, data }: ReceivedMessage, ownership: Ownership, ports: Ports): boolean {
  if (topic === 'dead-letter') return judgeLetter(data, ownership, ports) !== undefined;
  // `<stream>:<key>` of ours; other producers of Debezium's events put the row's key alone.
  const key = parsed(Buffer.from(orderingKey.replace(/^[a-z_0-9]+:(?=\{)/, '')));
  return (typeof key === 'object' && ownership.owns(key)) || ownership.ownsBytes(data);
}

/** What is known to be read beside what consumer groups say. */
async function readingOf(topic: Topic, since: Date, ports: Ports): Promise<IsRead> {
  if (topic === 'dead-letter') {
    const written = await writtenLetters(ports);
    return ({ data }) => {
      try {
        return written.has(parseDeadLetter(data).dead_letter_id);
      } catch {
        return false;
      }
    };
  }
  if (topic !== 'changes') return () => false;
  const furthest = await furthestInRaw(since, ports);
  return ({ messageId }) => {
    const [partition, offset] = messageId.split('-');
    return BigInt(offset ?? 0) <= (furthest.get(Number(partition)) ?? -1n);
  };
}

async function writtenLetters({ lake, lakeBucket }: Ports): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { name } of lake.list(lakeBucket, 'dead-letter/')) {
    const id = /\/([0-9a-f]{32})\.json$/.exec(name)?.[1];
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

/** The last offset in `raw/` of each partition of the changes, of messages published since then. */
async function furthestInRaw(since: Date, { lake, lakeBucket }: Ports): Promise<Map<number, bigint>> {
  const hour = since.toISOString().replace(/^(.{10})T(..).*$/, 'dt=$1/hr=$2/');
  const furthest = new Map<number, bigint>();
  for await (const { name } of lake.list(lakeBucket, 'raw/')) {
    const [, at] = /^raw\/[^/]+\/(dt=[^/]+\/hr=[^/]+\/)part-[^/]+\.parquet$/.exec(name) ?? [];
    if (at === undefined || at < hour) continue;
    const stored = await lake.read(lakeBucket, name);
    if (!stored) continue;
    const file = new ArrayBuffer(stored.body.byteLength);
    new Uint8Array(file).set(stored.body);
    const rows = (await parquetReadObjects({ file, columns: ['partition', 'offset'] })) as {
      partition: number | null;
      offset: bigint | null;
    }[];
    for (const { partition, offset } of rows) {
      if (partition === null || offset === null) continue;
      if (offset > (furthest.get(partition) ?? -1n)) furthest.set(partition, offset);
    }
  }
  return furthest;
}
