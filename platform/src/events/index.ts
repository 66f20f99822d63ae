/** The events of docs/interfaces.md#bus: their types, their ids, and the bus messages that carry them. */
export {
  CHAIN_EVENT_TYPES,
  type ChainEvent,
  type ChainEventInput,
  type ChainEventType,
  chainEvent,
  chainEventSchema,
  chainEventType,
  chainMessage,
  parseChainEvent,
} from './chain.ts';
export {
  CHANGE_EVENT_TYPE,
  type ChangeEvent,
  type ChangeSource,
  changeEventSchema,
  changeMessage,
  changeSourceSchema,
  parseChangeEvent,
} from './change.ts';
export {
  attemptOf,
  DEAD_LETTER_REASONS,
  DEAD_LETTER_TYPE,
  type DeadLetter,
  type DeadLetterInput,
  type DeadLetterReason,
  deadLetter,
  deadLetterId,
  deadLetterMessage,
  deadLetterSchema,
  parseDeadLetter,
  REPLAY_ATTRIBUTE,
  UNKNOWN_STREAM,
} from './dead-letter.ts';
export { FEATURE_ROW_TYPE, type FeatureRow, featureMessage, featureRowSchema, parseFeatureRow } from './feature.ts';
export {
  type ChangeOp,
  type ChangePosition,
  canonicalJson,
  canonicalKey,
  digestId,
  eventId,
  orderingKey,
  type WireRow,
  type WireValue,
} from './identity.ts';
export { childTraceparent, createTraceparent } from './traceparent.ts';
