import { z } from 'zod';
import type { BusMessage } from '../bus/port.ts';
import { canonicalJson, digestId } from './identity.ts';
import { busMessage } from './message.ts';
import { id, instant, parseEvent } from './parse.ts';
import { childTraceparent } from './traceparent.ts';

export const CHAIN_EVENT_TYPES = [
  'warehouse.loaded',
  'transform.finished',
  'quality.checked',
  'features.materialized',
  'landing.accepted',
  'landing.ingested',
  'incident.raised',
  'incident.cleared',
  'sweep.tick',
] as const;

/** docs/interfaces.md#chain-event-tributarychain-type-devtributarynamev1 */
export const chainEventSchema = z.strictObject({
  event_id: id,
  type: z.enum(CHAIN_EVENT_TYPES),
  run_id: z.string().min(1),
  cause: z.string().min(1).nullable(),
  status: z.enum(['ok', 'failed']),
  streams: z.array(z.string()),
  views: z.array(z.string()),
  counts: z.record(z.string(), z.number()),
  duration_ms: z.number().min(0),
  bytes_billed: z.number().min(0),
  started_at: instant,
  time: instant,
  traceparent: z.string().min(1),
  detail: z.record(z.string(), z.unknown()),
  error: z.strictObject({ code: z.string().min(1), message: z.string() }).nullable(),
});

export type ChainEvent = z.output<typeof chainEventSchema>;
export type ChainEventType = ChainEvent['type'];

export interface ChainEventInput {
  readonly type: ChainEventType;
  readonly runId: string;
  /** The id of the event that led to this one. */
  readonly cause?: string | null;
  /** Defaults to `failed` where there is an error. */
  readonly status?: ChainEvent['status'];
  readonly streams?: readonly string[];
  readonly views?: readonly string[];
  readonly counts?: Readonly<Record<string, number>>;
  readonly bytesBilled?: number;
  /** Defaults to `finishedAt`. */
  readonly startedAt?: Date;
  /** Defaults to now. */
  readonly finishedAt?: Date;
  /** The trace this continues. */
  readonly traceparent?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: string; readonly message: string } | null;
  /**
   * What, beside type, run and status, names this event: the same parts give the same id, so an event said twice is recorded once.
   * Defaults to `detail`; give it where detail holds something that differs from one telling to the next.
   */
  readonly identity?: readonly string[];
}

/** A chain event with a deterministic `event_id`. */
export function chainEvent(input: ChainEventInput): ChainEvent {
  const finishedAt = input.finishedAt ?? new Date();
  const startedAt = input.startedAt ?? finishedAt;
  const error = input.error ?? null;
  const status = input.status ?? (error ? 'failed' : 'ok');
  const detail = { ...input.detail };
  return {
    event_id: digestId([input.type, input.runId, status, ...(input.identity ?? [canonicalJson(detail)])]),
    type: input.type,
    run_id: input.runId,
    cause: input.cause ?? null,
    status,
    streams: [...(input.streams ?? [])],
    views: [...(input.views ?? [])],
    counts: { ...input.counts },
    // The clock may have been set back in between.
    duration_ms: Math.max(0, finishedAt.getTime() - startedAt.getTime()),
    bytes_billed: input.bytesBilled ?? 0,
    started_at: startedAt.toISOString(),
    time: finishedAt.toISOString(),
    traceparent: childTraceparent(input.traceparent),
    detail,
    error: error && { code: error.code, message: error.message },
  };
}

/** The CloudEvent type of a chain event: `dev.tributary.<name>.v1`. */
export function chainEventType(type: ChainEventType): string {
  return `dev.tributary.${type}.v1`;
}

/** The bus message of a chain event; events of one run arrive in order. */
export function chainMessage(event: ChainEvent): BusMessage {
  return busMessage(
    event.run_id,
    {
      id: event.event_id,
      type: chainEventType(event.type),
      source: '//tributary/chain',
      subject: event.run_id,
      time: event.time,
      traceparent: event.traceparent,
    },
    event,
  );
}

/** @throws {UserError} EVENT_UNREADABLE naming the field at fault. */
export function parseChainEvent(data: Uint8Array | string): ChainEvent {
  return parseEvent('chain event', chainEventSchema, data);
}
