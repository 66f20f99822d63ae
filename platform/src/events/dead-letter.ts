import { z } from 'zod';
import type { BusMessage } from '../bus/port.ts';
import { canonicalJson, digestId, orderingKey } from './identity.ts';
import { busMessage } from './message.ts';
import { id, instant, parseEvent } from './parse.ts';
import { createTraceparent } from './traceparent.ts';

export const DEAD_LETTER_TYPE = 'dev.tributary.dead-letter.v1';

/** The stream of a dead letter whose table no contract knows. */
export const UNKNOWN_STREAM = '_unknown';

export const DEAD_LETTER_REASONS = [
  /** A value breaks its field's contract. */
  'CONTRACT_VIOLATION',
  /** No contract knows the table. */
  'UNKNOWN_STREAM',
  /** The bytes are not the format they should be. */
  'UNREADABLE',
  /** A value has no wire encoding, such as a numeric of too many digits. */
  'UNREPRESENTABLE',
  /** Later than the windows can take. */
  'LATE',
  /** A line of a batch file that cannot be read. */
  'BAD_LINE',
  /** The file did not pass its quality gate. */
  'GATE_FAILED',
] as const;

export const deadLetterSchema = z.strictObject({
  dead_letter_id: id,
  event_id: id.nullable(),
  stream: z.string().min(1),
  stage: z.enum(['bridge', 'pipeline', 'landing', 'load']),
  reason: z.enum(DEAD_LETTER_REASONS),
  message: z.string(),
  field: z.string().nullable(),
  attempt: z.int().min(1),
  time: instant,
  source: z.record(z.string(), z.unknown()).nullable(),
  sealed: z.boolean(),
  payload: z.base64(),
});

export type DeadLetter = z.output<typeof deadLetterSchema>;
export type DeadLetterReason = DeadLetter['reason'];

export interface DeadLetterInput {
  /** Null where the change could not be identified. */
  readonly eventId: string | null;
  readonly stream: string;
  readonly stage: DeadLetter['stage'];
  readonly reason: DeadLetterReason;
  /** For people; names fields and rules, never values. */
  readonly message: string;
  readonly field?: string | null;
  readonly attempt?: number;
  /** Where it came from: a change's source, or `{uri, generation, line}` of a batch row. */
  readonly source: Readonly<Record<string, unknown>> | null;
  /** The original bytes as they may be stored: the text of their seal (`platform/pii`) where they may hold clear PII. */
  readonly payload: Uint8Array | string;
  readonly sealed: boolean;
  /**
   * Of the original. The date in the stored object's name comes from it, so a replay must give the same: it defaults to the source's commit
   * time, and to now only where there is none.
   */
  readonly time?: Date;
}

/**
 * The CloudEvents attribute of a message that is read again after it became a dead letter: the attempt of that letter. What is refused again says one
 * attempt more, and so becomes a letter of its own. `npm run replay` sets it.
 */
export const REPLAY_ATTRIBUTE = 'replay';

/** Which attempt reading a message is: 1, unless it is a replay. */
export function attemptOf(attributes: Readonly<Record<string, string>>): number {
  const replays = Number(attributes[REPLAY_ATTRIBUTE] ?? '0');
  // An attribute of this name that another producer set must not stop a reader.
  return Number.isSafeInteger(replays) && replays >= 0 ? replays + 1 : 1;
}

/**
 * The id of a dead letter, the same whenever the same is refused in the same attempt: from the event where it is known, else from its source and payload.
 * The payload enters as stored, so that no unkeyed hash of clear PII leaves the process.
 */
export function deadLetterId({
  stage,
  eventId,
  source,
  payload,
  attempt = 1,
}: Pick<DeadLetterInput, 'stage' | 'eventId' | 'source' | 'payload' | 'attempt'>): string {
  const identity = eventId ? [eventId] : [source ? canonicalJson(source) : '', payload];
  return digestId(['dead-letter', stage, ...identity, ...(attempt > 1 ? [String(attempt)] : [])]);
}

/** A dead letter ready to be published. */
export function deadLetter(input: DeadLetterInput): DeadLetter {
  return {
    dead_letter_id: deadLetterId(input),
    event_id: input.eventId,
    stream: input.stream,
    stage: input.stage,
    reason: input.reason,
    message: input.message,
    field: input.field ?? null,
    attempt: input.attempt ?? 1,
    time: input.time?.toISOString() ?? commitTime(input.source) ?? new Date().toISOString(),
    source: input.source === null ? null : { ...input.source },
    sealed: input.sealed,
    payload: Buffer.from(input.payload).toString('base64'),
  };
}

function commitTime(source: DeadLetterInput['source']): string | undefined {
  return instant.safeParse(source?.ts).data;
}

/** The bus message of a dead letter. */
export function deadLetterMessage(letter: DeadLetter, traceparent?: string): BusMessage {
  return busMessage(
    orderingKey(letter.stream, letter.dead_letter_id),
    {
      id: letter.dead_letter_id,
      type: DEAD_LETTER_TYPE,
      source: `//tributary/${letter.stage}`,
      subject: letter.stream,
      time: letter.time,
      traceparent: traceparent ?? createTraceparent(letter.event_id ?? letter.dead_letter_id),
    },
    letter,
  );
}

/** @throws {UserError} EVENT_UNREADABLE naming the field at fault. */
export function parseDeadLetter(data: Uint8Array | string): DeadLetter {
  return parseEvent('dead letter', deadLetterSchema, data);
}
