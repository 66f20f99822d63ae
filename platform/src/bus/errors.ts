import { TransientError, type TributaryError, UserError } from '../errors/index.ts';

/**
 * Why publishing or subscribing failed, decided once for both buses.
 *
 * - `BUS_UNAVAILABLE` (transient): the bus did not acknowledge in time; what was published is unknown, so publish it again.
 * - `BUS_TOPIC_MISSING` (user): the topic or subscription was never created.
 * - `BUS_MESSAGE_TOO_LARGE` (user): a message the bus will never take.
 * - `BUS_ATTRIBUTES_INVALID` (user): attributes or an ordering key beyond what the bus takes.
 * - `BUS_FORBIDDEN` (user): the process's identity may not do this.
 */
export type BusErrorCode =
  | 'BUS_UNAVAILABLE'
  | 'BUS_TOPIC_MISSING'
  | 'BUS_MESSAGE_TOO_LARGE'
  | 'BUS_ATTRIBUTES_INVALID'
  | 'BUS_FORBIDDEN';

/** @param what the action that failed, for people: `publish to tributary.changes`. */
export function busError(code: BusErrorCode, what: string, cause: unknown): TributaryError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  switch (code) {
    case 'BUS_UNAVAILABLE':
      return new TransientError(code, `Could not ${what}: ${reason}. Check that the bus is running and reachable.`, {
        cause,
      });
    case 'BUS_TOPIC_MISSING':
      return new UserError(
        code,
        `Could not ${what}: it does not exist (${reason}). Locally \`npm run up\` creates the topics, in the cloud \`terraform apply\`; check TOPIC_PREFIX.`,
        { cause },
      );
    case 'BUS_MESSAGE_TOO_LARGE':
      return new UserError(
        code,
        `Could not ${what}: a message is larger than the bus takes (${reason}). Make the row smaller, or leave the large field out by its contract (pii: drop).`,
        { cause },
      );
    case 'BUS_ATTRIBUTES_INVALID':
      return new UserError(
        code,
        `Could not ${what}: the bus takes no such attributes (${reason}). Move what is long into the message's data; docs/interfaces.md#bus has the limits.`,
        { cause },
      );
    case 'BUS_FORBIDDEN':
      return new UserError(
        code,
        `Could not ${what}: not permitted (${reason}). Grant the process's service account roles/pubsub.publisher or roles/pubsub.subscriber there.`,
        { cause },
      );
  }
}
