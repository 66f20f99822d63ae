import type { Bus, BusMessage } from '@tributary/platform/bus';
import type { ErasedSubjects } from '@tributary/platform/erasures';
import { TributaryError } from '@tributary/platform/errors';
import { attemptOf, deadLetter, deadLetterMessage, parseFeatureRow, UNKNOWN_STREAM } from '@tributary/platform/events';
import type { Logger } from '@tributary/platform/log';
import { measure } from '@tributary/platform/metrics';
import { recordHeldBack } from '../erasures/held-back.ts';
import { BatchOutcomes } from './batch-outcomes.ts';
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
  /** Who was erased, asked for before each batch: a window that the pipeline remembers of them, or a repeated message, does not bring them back. */
  readonly erased: () => Promise<ErasedSubjects>;
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
 * When it resolves, every message is done with: online, outdated, not the entity's latest, of somebody who was erased, or a dead letter; only then may it be acknowledged. When it rejects, any
 * part may be, and the same messages may be given again: a row that is online already is written again as it is, and an older one is left out.
 */
export class FeatureIntake {
  readonly #ports: IntakePorts;

  constructor(ports: IntakePorts) {
    this.#ports = ports;
  }

  /** @throws {TransientError} ONLINE_STORE_UNAVAILABLE or BUS_UNAVAILABLE, among others; the bus delivers again. */
  async handle(messages: readonly BusMessage[]): Promise<void> {
    const erased = await this.#ports.erased();
    const outcomes = new BatchOutcomes();
    const candidates: Candidate[] = [];
    const dead: BusMessage[] = [];
    let heldBack = 0;
    for (const message of messages) {
      try {
        const row = parseFeatureRow(message.data);
        // Before anything of the row can be refused, for the letter of a refusal holds it.
        if (erased.concern(row.entity)) heldBack += 1;
        // A row of an earlier event time is for training, not for serving.
        else if (row.latest) candidates.push({ message, row: toPushRow(row, this.#ports.views) });
      } catch (error) {
        dead.push(this.#deadLetter(message, error));
        outcomes.add(UNKNOWN_STREAM, 'refused', 1);
      }
    }
    const newest = new Set(newestPerEntity(candidates.map(({ row }) => row)));
    for (const [view, ofView] of Map.groupBy(candidates, ({ row }) => row.view)) {
      const fresh = ofView.filter(({ row }) => newest.has(row));
      outcomes.add(view.name, 'superseded', ofView.length - fresh.length);
      dead.push(...(await this.#write(view, fresh, outcomes)));
    }
    if (dead.length > 0) await this.#ports.bus.publish('dead-letter', dead);
    outcomes.record();
    await recordHeldBack('bus', heldBack, this.#ports.log);
    this.#ports.log.debug({ messages: messages.length, written: newest.size, dead: dead.length }, 'batch done');
  }

  /** Writes; what is refused for good is halved until the rows at fault are alone, and these are returned as dead letters. */
  async #write(view: PushedView, candidates: readonly Candidate[], outcomes: BatchOutcomes): Promise<BusMessage[]> {
    if (candidates.length === 0) return [];
    const begun = performance.now();
    const took = (outcome: 'ok' | 'failed') =>
      measure('tributary.push.duration', (performance.now() - begun) / 1_000, { outcome });
    try {
      const rows = candidates.map(({ row }) => row);
      const written = await this.#ports.online.write(view, rows);
      took('ok');
      outcomes.add(view.name, 'pushed', written);
      outcomes.add(view.name, 'superseded', rows.length - written);
      outcomes.served(
        view.name,
        rows.map(({ eventTimestamp }) => eventTimestamp),
      );
      return [];
    } catch (error) {
      took('failed');
      if (!(error instanceof TributaryError && error.class === 'user')) throw error;
      if (candidates.length === 1) {
        outcomes.add(view.name, 'refused', 1);
        return [this.#deadLetter(candidates[0]!.message, error)];
      }
      const half = Math.ceil(candidates.length / 2);
      const first = await this.#write(view, candidates.slice(0, half), outcomes);
      return [...first, ...(await this.#write(view, candidates.slice(half), outcomes))];
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
