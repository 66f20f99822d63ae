import type { Bus, BusMessage } from '@tributary/platform/bus';
import type { ErasedSubjects } from '@tributary/platform/erasures';
import { TributaryError } from '@tributary/platform/errors';
import { attemptOf, deadLetter, deadLetterMessage, parseFeatureRow, UNKNOWN_STREAM } from '@tributary/platform/events';
import type { Logger } from '@tributary/platform/log';
import { count, measure, set } from '@tributary/platform/metrics';
import { newestPerEntity } from './coalesce.ts';
import { type FeastClient, PushRefusedError } from './feast-client.ts';
import { type PushedView, type PushRow, toPushRow } from './feature-view.ts';

export interface PushPorts {
  readonly feast: FeastClient;
  readonly bus: Bus;
  readonly views: ReadonlyMap<string, PushedView>;
  /** Who was erased, asked for before each batch: a window that the pipeline remembers of them, or a repeated message, does not bring them back. */
  readonly erased: () => Promise<ErasedSubjects>;
  readonly log: Logger;
}

/** A message of the features topic, and what it holds. */
interface Candidate {
  readonly message: BusMessage;
  readonly row: PushRow;
}

/** What Feast would not take, and the letter that says so. */
interface Refusal {
  readonly candidate: Candidate;
  readonly letter: BusMessage;
}

/**
 * Puts the newest row of each entity among the messages online.
 *
 * When it resolves, every message is done with: online, outdated, not the entity's latest, or a dead letter. When it rejects, any part may be, and the same messages may be
 * given again: a row that is online already is skipped by the store, because its event_timestamp is not newer.
 */
export class FeaturePush {
  readonly #ports: PushPorts;

  constructor(ports: PushPorts) {
    this.#ports = ports;
  }

  /** @throws {TransientError} FEAST_UNAVAILABLE or BUS_UNAVAILABLE. */
  async handle(messages: readonly BusMessage[]): Promise<void> {
    const erased = await this.#ports.erased();
    const candidates: Candidate[] = [];
    let dropped = 0;
    const dead: BusMessage[] = [];
    for (const message of messages) {
      try {
        const row = parseFeatureRow(message.data);
        if (erased.concern(row.entity)) {
          dropped += 1;
          continue;
        }
        // A row of an earlier event time is for training, not for serving.
        if (row.latest) candidates.push({ message, row: toPushRow(row, this.#ports.views) });
      } catch (error) {
        dead.push(this.#deadLetter(message, error));
      }
    }
    const newest = new Set(newestPerEntity(candidates.map(({ row }) => row)));
    const pushed = candidates.filter(({ row }) => newest.has(row));
    const refusals = await this.#push(pushed);
    dead.push(...refusals.map(({ letter }) => letter));
    if (dead.length > 0) await this.#ports.bus.publish('dead-letter', dead);
    recordRows(candidates, new Set(pushed), new Set(refusals.map(({ candidate }) => candidate)));
    if (dropped > 0) this.#ports.log.info({ rows: dropped }, 'rows of somebody who was erased go no further');
    this.#ports.log.debug({ messages: messages.length, pushed: newest.size, dead: dead.length }, 'batch done');
  }

  /** Pushes; where Feast refuses a request it is halved until the rows at fault are alone, and these are returned with their dead letters. */
  async #push(candidates: readonly Candidate[]): Promise<Refusal[]> {
    if (candidates.length === 0) return [];
    const begun = performance.now();
    const took = (outcome: 'ok' | 'failed') =>
      measure('tributary.push.duration', (performance.now() - begun) / 1_000, { outcome });
    try {
      await this.#ports.feast.push(candidates.map(({ row }) => row));
      took('ok');
      return [];
    } catch (error) {
      took('failed');
      if (!(error instanceof PushRefusedError)) throw error;
      const [candidate] = candidates;
      if (candidates.length === 1)
        return [{ candidate: candidate!, letter: this.#deadLetter(candidate!.message, error) }];
      const half = Math.ceil(candidates.length / 2);
      return [...(await this.#push(candidates.slice(0, half))), ...(await this.#push(candidates.slice(half)))];
    }
  }

  #deadLetter(message: BusMessage, error: unknown): BusMessage {
    if (!(error instanceof TributaryError)) throw error;
    this.#ports.log.error({ err: error, id: message.attributes.id }, 'feature row cannot go online');
    const letter = deadLetter({
      eventId: null,
      stream: UNKNOWN_STREAM,
      stage: 'load',
      reason: error.code === 'EVENT_UNREADABLE' ? 'UNREADABLE' : 'CONTRACT_VIOLATION',
      message: error.message,
      attempt: attemptOf(message.attributes),
      source: { topic: 'features', id: message.attributes.id ?? null },
      payload: message.data,
      // A feature row has counts, sums and a customer's number: nothing that a contract classes as personal.
      sealed: false,
    });
    return deadLetterMessage(letter, message.attributes.traceparent);
  }
}

/** What became of a batch's rows that could go online, and how new the newest of each view is. */
function recordRows(
  candidates: readonly Candidate[],
  pushed: ReadonlySet<Candidate>,
  refused: ReadonlySet<Candidate>,
): void {
  for (const candidate of candidates) {
    const outcome = refused.has(candidate) ? 'refused' : pushed.has(candidate) ? 'pushed' : 'superseded';
    count('tributary.push.rows', 1, { view: candidate.row.view.name, outcome });
  }
  const online = candidates.filter((candidate) => !refused.has(candidate));
  for (const [view, rows] of Map.groupBy(online, ({ row }) => row.view.name)) {
    const newest = Math.max(...rows.map(({ row }) => Date.parse(row.eventTimestamp)));
    set('tributary.view.newest_event', newest / 1_000, { view });
  }
}
