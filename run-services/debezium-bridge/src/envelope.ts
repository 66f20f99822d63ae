import type { ChangeOp } from '@tributary/platform/events';
import { z } from 'zod';
import { timestampOfMicros } from './time.ts';
import { type Reading, refuseLostDigits } from './value.ts';

/** A row as Debezium has it, by column. */
export type DebeziumRow = Readonly<Record<string, unknown>>;

const row = z.custom<DebeziumRow>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
/** Positions are 64 bits: text is made of them before anything else. */
const position = z
  .union([z.int().min(0), z.bigint().min(0n), z.string().regex(/^\d+$/)])
  .transform((value) => value.toString());

/** https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events */
const changeSchema = z.object({
  op: z.enum(['c', 'u', 'd', 'r', 't']),
  before: row.nullish(),
  after: row.nullish(),
  source: z.object({
    db: z.string().min(1),
    schema: z.string().min(1),
    table: z.string().min(1),
    /** Debezium's topic.prefix. */
    name: z.string().min(1),
    lsn: position,
    /** Null in a snapshot of a database that has seen no transaction. */
    txId: position.nullish(),
    /** Commit time; of a snapshot read, its start. */
    ts_us: z.int().min(0),
  }),
});

/** A change with its position, its rows still as Debezium wrote them. */
export interface Change {
  readonly op: ChangeOp;
  readonly before: DebeziumRow | null;
  readonly after: DebeziumRow | null;
  readonly server: string;
  readonly source: {
    readonly db: string;
    readonly schema: string;
    readonly table: string;
    readonly lsn: string;
    readonly tx: string;
    readonly ts: string;
  };
}

export type Envelope =
  | { readonly kind: 'change'; readonly change: Change }
  /** No change of the application's: what a producer says about itself. */
  | { readonly kind: 'ignored'; readonly what: 'heartbeat' | 'message' | 'schema-change' | 'transaction' | 'tombstone' }
  /** `problem` names what is missing, without values. */
  | { readonly kind: 'unreadable'; readonly problem: string };

/**
 * Tells what one element of a batch is; with or without the wrapper `{schema, payload}` of Kafka Connect's JSON.
 *
 * @throws {InexactNumber} where the reading was plain and a position is beyond 2^53.
 */
export function readEnvelope(element: unknown, reading: Reading): Envelope {
  const envelope = unwrap(element);
  if (envelope === null) return { kind: 'ignored', what: 'tombstone' };
  if (typeof envelope !== 'object') return { kind: 'unreadable', problem: 'it is not an object' };
  if (!('op' in envelope)) {
    if ('status' in envelope && (envelope.status === 'BEGIN' || envelope.status === 'END')) {
      return { kind: 'ignored', what: 'transaction' };
    }
    if ('ts_ms' in envelope && !('source' in envelope)) return { kind: 'ignored', what: 'heartbeat' };
    if ('tableChanges' in envelope || 'ddl' in envelope) return { kind: 'ignored', what: 'schema-change' };
    return { kind: 'unreadable', problem: 'it has no op' };
  }
  if (envelope.op === 'm') return { kind: 'ignored', what: 'message' };
  const { lsn, txId } = ((envelope as { source?: unknown }).source ?? {}) as { lsn?: unknown; txId?: unknown };
  refuseLostDigits(lsn, reading);
  refuseLostDigits(txId, reading);
  const result = changeSchema.safeParse(envelope);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    return { kind: 'unreadable', problem: `${issue.path.join('.')}: ${issue.message}` };
  }
  const { op, before, after, source } = result.data;
  const missing = op === 'd' ? !before && 'before' : op !== 't' && !after && 'after';
  if (missing) return { kind: 'unreadable', problem: `${missing} is null where op is ${op}` };
  return {
    kind: 'change',
    change: {
      op,
      before: before ?? null,
      after: after ?? null,
      server: source.name,
      source: {
        db: source.db,
        schema: source.schema,
        table: source.table,
        lsn: source.lsn,
        tx: source.txId ?? '0',
        ts: timestampOfMicros(source.ts_us),
      },
    },
  };
}

function unwrap(element: unknown): unknown {
  const wrapped = typeof element === 'object' && element !== null && 'payload' in element && 'schema' in element;
  return wrapped ? element.payload : element;
}
