import { type CompiledContract, type RowValidator, rowValidator } from '@tributary/platform/contracts';
import { TributaryError } from '@tributary/platform/errors';
import {
  type ChangeEvent,
  changeMessage,
  deadLetterId,
  parseChangeEvent,
  REPLAY_ATTRIBUTE,
} from '@tributary/platform/events';
import type { Door, Passage } from './door.ts';
import { foreignDoor } from './foreign-door.ts';

const validators = new WeakMap<CompiledContract, RowValidator>();

/**
 * What the pipeline refused is published again as it was: same bytes, same ordering key. Its message's id says which replay it is: Dataflow drops messages
 * whose id it saw within ten minutes, and this one is to be read. What the contracts at hand refuse as well is not sent.
 */
export const changesDoor: Door = (letter, original, ports): Passage => {
  const { contracts } = ports;
  if (letter.reason === 'LATE') {
    return { kind: 'final', why: 'the row is in files and warehouse; only windows that are closed for good lack it' };
  }
  let event: ChangeEvent;
  try {
    event = parseChangeEvent(original);
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    return foreignDoor(letter, original, ports, error.message);
  }
  const contract = contracts.get(event.stream);
  if (!contract) return { kind: 'refused', why: `no contract has stream ${event.stream}; add one to contracts/` };
  const violation = event.after && validatorOf(contract)(event.after, event.op === 'u' ? 'partial' : 'complete');
  if (violation) return { kind: 'refused', why: violation.message };
  const { orderingKey, attributes } = changeMessage(event, contract.primaryKey);
  const next = { eventId: event.event_id, source: null, payload: '', attempt: letter.attempt + 1 };
  return {
    kind: 'send',
    topic: 'changes',
    message: {
      orderingKey,
      attributes: {
        ...attributes,
        id: `${event.event_id}.${letter.attempt}`,
        [REPLAY_ATTRIBUTE]: String(letter.attempt),
      },
      data: original,
    },
    next: { stream: event.stream, stage: 'pipeline', dead_letter_id: deadLetterId({ stage: 'pipeline', ...next }) },
  };
};

function validatorOf(contract: CompiledContract): RowValidator {
  const known = validators.get(contract);
  if (known) return known;
  const made = rowValidator(contract);
  validators.set(contract, made);
  return made;
}
