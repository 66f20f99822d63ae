import { contractOfTable } from '@tributary/platform/contracts';
import { type DeadLetter, deadLetterId, REPLAY_ATTRIBUTE } from '@tributary/platform/events';
import { unseal } from '@tributary/platform/pii';
import type { Passage } from './door.ts';
import type { ReplayPorts } from './ports.ts';

/** Where the pipeline keeps a message's key in its letter, sealed. */
const MESSAGE_KEY = 'messagekey';

/**
 * A message that another producer of Debezium events wrote and the pipeline refused: published again as it was, key included. What its contract makes of it is
 * the pipeline's to say, for only the pipeline reads such messages.
 *
 * @param unreadable why the message is no change event of ours.
 */
export function foreignDoor(
  letter: DeadLetter,
  original: Buffer,
  { contracts, keys }: ReplayPorts,
  unreadable: string,
): Passage {
  const { event_id: eventId, source, attempt } = letter;
  // Bytes without a position would be another letter each time.
  if (eventId === null || typeof source?.table !== 'string') return { kind: 'refused', why: unreadable };
  const contract = contractOfTable(contracts, String(source.schema), source.table);
  if (!contract) {
    return {
      kind: 'refused',
      why: `no contract has table ${String(source.schema)}.${source.table}; add one to contracts/`,
    };
  }
  const key = source[MESSAGE_KEY];
  return {
    kind: 'send',
    topic: 'changes',
    message: {
      orderingKey: typeof key === 'string' ? unseal(key, keys).toString('utf8') : '',
      attributes: { [REPLAY_ATTRIBUTE]: String(attempt) },
      data: original,
    },
    next: {
      stream: contract.stream,
      stage: 'pipeline',
      dead_letter_id: deadLetterId({ stage: 'pipeline', eventId, source: null, payload: '', attempt: attempt + 1 }),
    },
  };
}
