import { TributaryError } from '@tributary/platform/errors';
import {
  deadLetterId,
  type FeatureRow,
  featureMessage,
  parseFeatureRow,
  REPLAY_ATTRIBUTE,
} from '@tributary/platform/events';
import type { Door, Passage } from './door.ts';

/** What could not go online is published again; the online store skips it where a newer row of the entity is there by now. */
export const featuresDoor: Door = (letter, original): Passage => {
  let row: FeatureRow;
  try {
    row = parseFeatureRow(original);
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    return { kind: 'refused', why: error.message };
  }
  const next = { eventId: letter.event_id, payload: original, attempt: letter.attempt + 1 };
  const { orderingKey, attributes } = featureMessage(row);
  return {
    kind: 'send',
    topic: 'features',
    message: { orderingKey, attributes: { ...attributes, [REPLAY_ATTRIBUTE]: String(letter.attempt) }, data: original },
    next: { stream: letter.stream, stage: 'load', dead_letter_id: deadLetterId({ ...letter, ...next }) },
  };
};
