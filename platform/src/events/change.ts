import { z } from 'zod';
import type { BusMessage } from '../bus/port.ts';
import { canonicalKey, orderingKey } from './identity.ts';
import { busMessage } from './message.ts';
import { decimal, id, parseEvent, timestamp, wireRow } from './parse.ts';
import { createTraceparent } from './traceparent.ts';

export const CHANGE_EVENT_TYPE = 'dev.tributary.change.v1';

export const changeSourceSchema = z.strictObject({
  db: z.string().min(1),
  schema: z.string().min(1),
  table: z.string().min(1),
  lsn: decimal,
  tx: decimal,
  ts: timestamp,
});

const exactTexts = z.record(z.string(), z.string());

/** docs/interfaces.md#change-event-tributarychanges-type-devtributarychangev1 */
export const changeEventSchema = z
  .strictObject({
    event_id: id,
    stream: z.string().min(1),
    op: z.enum(['c', 'u', 'd', 'r', 't']),
    key: wireRow.nullable(),
    before: wireRow.nullable(),
    after: wireRow.nullable(),
    source: changeSourceSchema,
    ingested_at: timestamp,
    contract_version: z.string().min(1),
    /** The text of values that the warehouse cannot hold, where the contract maps them (`onUnrepresentable`); absent where there are none. */
    exact: z.strictObject({ before: exactTexts.optional(), after: exactTexts.optional() }).optional(),
    /** Columns no contract knows, sealed; absent where there are none. */
    unknown: z.string().startsWith('seal_').optional(),
  })
  .superRefine((event, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (event.op === 't') {
      for (const part of ['key', 'before', 'after'] as const) {
        if (event[part] !== null) refuse(part, 'must be null in a truncate');
      }
      return;
    }
    if (event.key === null) refuse('key', `must not be null where op is ${event.op}`);
    if (event.op === 'd' ? event.after !== null : event.after === null) {
      refuse('after', event.op === 'd' ? 'must be null in a delete' : `must not be null where op is ${event.op}`);
    }
  });

export type ChangeEvent = z.output<typeof changeEventSchema>;
export type ChangeSource = z.output<typeof changeSourceSchema>;

/**
 * The bus message of a change. Messages of one key share an ordering key. A first publication starts a trace of the event's own id,
 * so that a replay of the change continues the same trace.
 */
export function changeMessage(event: ChangeEvent, primaryKey: readonly string[], traceparent?: string): BusMessage {
  return busMessage(
    orderingKey(event.stream, canonicalKey(event.key, primaryKey)),
    {
      id: event.event_id,
      type: CHANGE_EVENT_TYPE,
      source: `//tributary/${event.source.db}`,
      subject: event.stream,
      time: event.source.ts,
      traceparent: traceparent ?? createTraceparent(event.event_id),
    },
    event,
  );
}

/** @throws {UserError} EVENT_UNREADABLE naming the field at fault. */
export function parseChangeEvent(data: Uint8Array | string): ChangeEvent {
  return parseEvent('change event', changeEventSchema, data);
}
