import { UserError } from '../errors/index.ts';

/**
 * Why a request is no event that is dealt with. All are answered with 4xx: to send the same again is of no use.
 *
 * - `EVENT_UNREADABLE` (400): it is malformed.
 * - `EVENT_UNKNOWN` (400): a CloudEvent of a type that neither Google nor Tributary sends.
 * - `EVENT_LEGACY` (400): the form of 1st gen background functions.
 * - `EVENT_TOO_LARGE` (413): more bytes than any event has.
 * - `EVENT_ENCODING` (415): a charset, compression or format that is not read.
 */
export type EventErrorCode =
  | 'EVENT_UNREADABLE'
  | 'EVENT_UNKNOWN'
  | 'EVENT_LEGACY'
  | 'EVENT_TOO_LARGE'
  | 'EVENT_ENCODING';

const WHERE = 'docs/interfaces.md#event-delivery-to-functions has what is taken.';

/** @param problem completes “the event cannot be read: …”; it quotes names and types, never data. */
export function unreadable(problem: string, options?: ErrorOptions): UserError {
  return new UserError('EVENT_UNREADABLE', `The event cannot be read: ${problem}. ${WHERE}`, options);
}

export function unknownType(type: string): UserError {
  return new UserError('EVENT_UNKNOWN', `Nothing here takes events of type "${type.slice(0, 200)}". ${WHERE}`);
}

export function legacyForm(): UserError {
  return new UserError(
    'EVENT_LEGACY',
    `This is an event of 1st gen background functions (context and data); the functions take CloudEvents: use an Eventarc trigger. ${WHERE}`,
  );
}

export function tooLarge(limit: number): UserError {
  return new UserError('EVENT_TOO_LARGE', `The request has more than ${limit} bytes. ${WHERE}`);
}

export function unsupported(what: string): UserError {
  return new UserError('EVENT_ENCODING', `${what} is not read here; send JSON in UTF-8, plain or gzip. ${WHERE}`);
}
