import { readBatch, Translator } from '@tributary/debezium-bridge';
import { MAX_MESSAGE_BYTES } from '@tributary/platform/bus';
import { changeMessage, deadLetterId } from '@tributary/platform/events';
import type { Door, Passage } from './door.ts';
import type { ReplayPorts } from './ports.ts';

/** What the bridge puts in place of a row that no message carries; members of an object that is no envelope. */
const STUBS: readonly string[] = ['omitted', 'key,op'];

const translators = new WeakMap<ReplayPorts, Translator>();

/**
 * What the bridge refused never left it: its envelope goes through the bridge's own translation, so that personal values are replaced and the event has
 * the id it would have had.
 */
export const bridgeDoor: Door = (_letter, original, ports): Passage => {
  const element = readBatch(`[${original.toString('utf8')}]`)[0]!;
  if (isStub(element.value)) {
    return {
      kind: 'final',
      why: 'the row was larger than a message, so the letter does not carry it; shrink the row, or drop its large field by contract, then touch it in the database',
    };
  }
  const translation = translatorOf(ports).translate(element, timestampOf(ports));
  if (translation.kind === 'ignored') return { kind: 'final', why: `the bridge takes it for ${translation.what}` };
  if (translation.kind === 'dead-letter') return { kind: 'refused', why: translation.letter.message };
  const { event, primaryKey } = translation;
  const message = changeMessage(event, primaryKey);
  if (message.data.length > MAX_MESSAGE_BYTES) {
    return { kind: 'refused', why: `the change has ${message.data.length} bytes, more than a message holds` };
  }
  const next = deadLetterId({ stage: 'pipeline', eventId: event.event_id, source: null, payload: '' });
  return {
    kind: 'send',
    topic: 'changes',
    message,
    next: { stream: event.stream, stage: 'pipeline', dead_letter_id: next },
  };
};

function translatorOf(ports: ReplayPorts): Translator {
  const known = translators.get(ports);
  if (known) return known;
  const made = new Translator(ports.contracts, ports.keys);
  translators.set(ports, made);
  return made;
}

/** Taken now, as the bridge would have. Milliseconds in the wire encoding's six digits. */
function timestampOf({ now = Date.now }: ReplayPorts): string {
  return new Date(now()).toISOString().replace('Z', '000Z');
}

function isStub(value: unknown): boolean {
  return typeof value === 'object' && value !== null && STUBS.includes(Object.keys(value).join());
}
