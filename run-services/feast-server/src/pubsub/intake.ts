import type { Bus, BusMessage } from '@tributary/platform/bus';
import { TributaryError } from '@tributary/platform/errors';
import { attemptOf, deadLetter, deadLetterMessage, parseFeatureRow, UNKNOWN_STREAM } from '@tributary/platform/events';
import type { Logger } from '@tributary/platform/log';
import type { WriteMetrics } from '../metrics/index.ts';
import { newestPerEntity } from './coalesce.ts';
import { type PushedView, type PushRow, toPushRow } from './feature-view.ts';

/** Where rows of a view go. */
export interface OnlineRows {
  /**
   * Resolves once every row is in the online store, or left out because a newer one of its entity is there.
   *
   * @returns how many were written.
   * @throws {TributaryError} `transient` where the same rows may be written later; `user` where one of them never can.
   */
  write(view: PushedView, rows: readonly PushRow[]): Promise<number>;
}

export interface IntakePorts {
  readonly online: OnlineRows;
  readonly bus: Pick<Bus, 'publish'>;
  readonly views: ReadonlyMap<string, PushedView>;
  readonly metrics: WriteMetrics;
  readonly log: Logger;
}

/** A message of the features topic, and what it holds. */
interface Candidate {
  readonly message: BusMessage;
  readonly row: PushRow;
}

/**
 * Puts the newest row of each entity among the messages online.
 *
 * When it resolves, every message is done with: online, outdated, not the entity's latest, or a dead letter; only then may it be acknowledged. When it rejects, any
 * part may be, and the same messages may be given again: a row that is online already is written again as it is, and an older one is left out.
 */
export class FeatureIntake {
  readonly #ports: IntakePorts;

  constructor(ports: IntakePorts) {
    this.#ports = ports;
  }

  /** @throws {TransientError} ONLINE_STORE_UNAVAILABLE or BUS_UNAVAILABLE, among others; the bus delivers again. */
  async handle(messages: readonly BusMessage[]): Promise<void> {
    const candidates: Candidate[] = [];
    const dead: BusMessage[] = [];
    for (const message of messages) {
      try {
        const row = parseFeatureRow(message.data);
        // A row of an earlier event time is for training, not for serving.
        if (row.latest) candidates.push({ message, row: toPushRow(row, this.#ports.views) });
      } catch (error) {
        dead.push(this.#deadLetter('unknown', message, error));
      }
    }
    const newest = new Set(newestPerEntity(candidates.map(({ row }) => row)));
    for (const [view, ofView] of Map.groupBy(candidates, ({ row }) => row.view)) {
      const fresh = ofView.filter(({ row }) => newest.has(row));
      this.#ports.metrics.rows(view.name, 'outdated', ofView.length - fresh.length);
      dead.push(...(await this.#write(view, fresh)));
    }
    if (dead.length > 0) await this.#ports.bus.publish('dead-letter', dead);
    this.#ports.log.debug({ messages: messages.length, written: newest.size, dead: dead.length }, 'batch done');
  }

  /** Writes; what is refused for good is halved until the rows at fault are alone, and these are returned as dead letters. */
  async #write(view: PushedView, candidates: readonly Candidate[]): Promise<BusMessage[]> {
    if (candidates.length === 0) return [];
    try {
      const rows = candidates.map(({ row }) => row);
      const written = await this.#ports.online.write(view, rows);
      this.#ports.metrics.rows(view.name, 'written', written);
      this.#ports.metrics.rows(view.name, 'outdated', rows.length - written);
      return [];
    } catch (error) {
      if (!(error instanceof TributaryError && error.class === 'user')) throw error;
      if (candidates.length === 1) return [this.#deadLetter(view.name, candidates[0]!.message, error)];
      const half = Math.ceil(candidates.length / 2);
      const first = await this.#write(view, candidates.slice(0, half));
      return [...first, ...(await this.#write(view, candidates.slice(half)))];
    }
  }

  #deadLetter(view: string, message: BusMessage, error: unknown): BusMessage {
    if (!(error instanceof TributaryError)) throw error;
    this.#ports.log.error({ err: error, id: message.attributes.id }, 'feature row cannot go online');
    this.#ports.metrics.rows(view, 'dead_letter', 1);
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
