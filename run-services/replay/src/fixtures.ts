import type { BusMessage, Topic } from '@tributary/platform/bus';
import type { CompiledContract, ContractField, Contracts } from '@tributary/platform/contracts';
import { type DeadLetterInput, deadLetter } from '@tributary/platform/events';
import { MemoryLake } from '@tributary/platform/group-commit/testing';
import { type PiiKeys, parsePiiKeys, seal } from '@tributary/platform/pii';
import type { ReplayPorts } from './ports.ts';

/** For tests only. */
export const KEYS: PiiKeys = parsePiiKeys(
  JSON.stringify({ active: 'v1', keys: { v1: Buffer.alloc(32, 9).toString('base64') } }),
);
export const LAKE = 'lake';
export const LANDING = 'landing';

function field(name: string, type: ContractField['type'], rules: Partial<ContractField> = {}): ContractField {
  return { name, type, required: false, pii: 'none', description: name, ...rules };
}

/** A stream whose `kind` may be what is given: the mistake in a contract, and its fix. */
export function contractsAllowing(...kinds: string[]): Contracts {
  const things: CompiledContract = {
    stream: 'things',
    version: `1.${kinds.length}.0`,
    description: 'Things.',
    table: { schema: 'shop', name: 'things' },
    primaryKey: ['thing_id'],
    eventTime: null,
    freshnessSeconds: 60,
    fields: [
      field('thing_id', 'INT64', { required: true }),
      field('kind', 'STRING', { required: true, enum: kinds }),
      field('email', 'STRING', { pii: 'tokenize' }),
    ],
  };
  return new Map([['things', things]]);
}

/** What Debezium said of a thing. */
export function envelopeOf(id: number, kind: string, email: string): string {
  return JSON.stringify({
    before: null,
    after: { thing_id: id, kind, email },
    source: {
      connector: 'postgresql',
      name: 'app',
      ts_us: 1_795_240_418_309_061,
      snapshot: 'false',
      db: 'app',
      schema: 'shop',
      table: 'things',
      txId: 763,
      lsn: 100 + id,
    },
    op: 'c',
    ts_ms: 1_795_240_418_413,
  });
}

/** Stores a letter as the pipeline does; returns its object's name. */
export async function store(
  { lake, lakeBucket = LAKE }: Pick<ReplayPorts, 'lake'> & Partial<Pick<ReplayPorts, 'lakeBucket'>>,
  { original, ...input }: Omit<DeadLetterInput, 'payload' | 'sealed'> & { readonly original: string },
): Promise<string> {
  const letter = deadLetter({ ...input, payload: seal(Buffer.from(original), KEYS), sealed: true });
  const day = letter.time.slice(0, 10);
  const name = `dead-letter/${letter.stream}/${letter.stage}/dt=${day}/${letter.dead_letter_id}.json`;
  await lake.write(lakeBucket, name, JSON.stringify(letter), { ifAbsent: true });
  return name;
}

/** Ports over memory; what is published is in `published`. */
export function portsOf(
  contracts: Contracts,
  lake = new MemoryLake(),
): ReplayPorts & { readonly published: (BusMessage & { readonly topic: Topic })[] } {
  const published: (BusMessage & { readonly topic: Topic })[] = [];
  return {
    published,
    lake,
    lakeBucket: LAKE,
    landingBucket: LANDING,
    contracts,
    keys: KEYS,
    bus: {
      publish: async (topic, messages) => void published.push(...messages.map((message) => ({ ...message, topic }))),
      subscribe: () => Promise.reject(new Error('a replay does not subscribe')),
      close: async () => {},
    },
  };
}
