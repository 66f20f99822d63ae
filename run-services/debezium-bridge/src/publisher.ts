import { type Bus, type BusMessage, MAX_MESSAGE_BYTES } from '@tributary/platform/bus';
import type { ErasedSubjects } from '@tributary/platform/erasures';
import { changeMessage, type DeadLetterInput, deadLetter, deadLetterMessage } from '@tributary/platform/events';
import type { Logger } from '@tributary/platform/log';
import { type PiiKeys, seal } from '@tributary/platform/pii';
import type { BatchElement } from './batch.ts';
import { timestampOfMicros } from './time.ts';
import type { Translation, Translator } from './translate.ts';
import { UnknownColumns } from './unknown-columns.ts';

/** What a batch became. */
export interface BatchOutcome {
  readonly changes: number;
  readonly deadLetters: number;
  readonly ignored: number;
  /** Commit time of the last change of the batch, which is its newest; undefined where it had none. */
  readonly newestChange: string | undefined;
}

/** Room for attributes and ordering key beside a message's data. */
const ATTRIBUTE_BYTES = 4_096;
const MAX_DATA_BYTES = MAX_MESSAGE_BYTES - ATTRIBUTE_BYTES;

export interface PublisherPorts {
  /** Asked for before each batch, so that all of a batch is judged by the same contracts. */
  readonly translator: () => Translator | Promise<Translator>;
  readonly keys: PiiKeys;
  /** Who was erased, asked for before each batch: nothing about them goes on. */
  readonly erased: () => Promise<ErasedSubjects>;
  readonly bus: Bus;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Takes batches to the bus. */
export class BatchPublisher {
  readonly #ports: PublisherPorts;
  readonly #unknown: UnknownColumns;
  #translator: Translator | undefined;

  constructor(ports: PublisherPorts) {
    this.#ports = ports;
    this.#unknown = new UnknownColumns(ports.bus, ports.log);
  }

  /** Columns no contract knows, `<stream>.<column>` each. */
  get unknownColumns(): readonly string[] {
    return this.#unknown.columns;
  }

  /**
   * Resolves once the bus has acknowledged every message of the batch; changes of one key are published in the order they came. On rejection any part
   * may have been published, and publishing the batch again repeats the same ids.
   *
   * @throws {TributaryError} as `Bus.publish`.
   */
  async publish(batch: readonly BatchElement[]): Promise<BatchOutcome> {
    const { bus, now = Date.now } = this.#ports;
    const translator = await this.#currentTranslator();
    const erased = await this.#ports.erased();
    const ingestedAt = timestampOfMicros(now() * 1_000);
    const changes: BusMessage[] = [];
    const deadLetters: BusMessage[] = [];
    const unknown: string[] = [];
    let ignored = 0;
    let dropped = 0;
    let newestChange: string | undefined;
    for (const element of batch) {
      if (!erased.isEmpty && erased.concern(exactly(element))) {
        dropped++;
        continue;
      }
      const translation = translator.translate(element, ingestedAt);
      if (translation.kind === 'ignored') {
        ignored++;
      } else if (translation.kind === 'dead-letter') {
        deadLetters.push(this.#deadLetter(translation.letter));
      } else {
        unknown.push(...translation.unknownColumns);
        newestChange = translation.event.source.ts;
        const message = changeMessage(translation.event, translation.primaryKey);
        if (message.data.length <= MAX_DATA_BYTES) changes.push(message);
        else deadLetters.push(this.#tooLarge(translation, message.data.length));
      }
    }
    if (dropped > 0) this.#ports.log.info({ changes: dropped }, 'changes of somebody who was erased go no further');
    // Not waited for: who is told of it, and when, holds up no change.
    void this.#unknown.report(unknown);
    await Promise.all([
      changes.length > 0 && bus.publish('changes', changes),
      deadLetters.length > 0 && bus.publish('dead-letter', deadLetters),
    ]);
    return { changes: changes.length, deadLetters: deadLetters.length, ignored: ignored + dropped, newestChange };
  }

  #deadLetter(input: DeadLetterInput): BusMessage {
    const { log, keys } = this.#ports;
    let letter = deadLetter(input);
    if (letter.payload.length > MAX_DATA_BYTES) {
      const stub = `{"omitted":"${input.payload.length} bytes, more than a message holds"}`;
      letter = deadLetter({ ...input, payload: Buffer.from(seal(Buffer.from(stub), keys)) });
    }
    const { dead_letter_id, event_id, stream, reason, field } = letter;
    log.warn({ dead_letter_id, event_id, stream, reason, field }, letter.message);
    return deadLetterMessage(letter);
  }

  /** No bus carries the row, so no dead letter carries it either: the letter says which row it was, and the row is still in the database. */
  #tooLarge({ event }: Extract<Translation, { kind: 'change' }>, bytes: number): BusMessage {
    const { keys } = this.#ports;
    return this.#deadLetter({
      eventId: event.event_id,
      stream: event.stream,
      stage: 'bridge',
      reason: 'UNREPRESENTABLE',
      message: `The change has ${bytes} bytes, and a message holds ${MAX_DATA_BYTES}; leave the large field out by its contract (pii: drop).`,
      source: event.source,
      payload: Buffer.from(seal(Buffer.from(JSON.stringify({ key: event.key, op: event.op })), keys)),
      sealed: true,
    });
  }

  async #currentTranslator(): Promise<Translator> {
    const translator = await this.#ports.translator();
    if (this.#translator !== undefined && this.#translator !== translator) {
      await this.#unknown.relearn((column) => translator.knows(column));
    }
    this.#translator = translator;
    return translator;
  }
}

/** An integer that lost digits could be taken for somebody else's. */
function exactly(element: BatchElement): unknown {
  return /\d{16}/.test(element.text()) ? element.exact() : element.value;
}
