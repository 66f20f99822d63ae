import type { BusMessage } from '@tributary/platform/bus';
import { TributaryError } from '@tributary/platform/errors';
import { z } from 'zod';
import { HttpError, unavailable } from '../http/errors.ts';
import { empty } from '../http/reply.ts';
import type { Handler } from '../http/router.ts';

/** Room for the largest Pub/Sub message, 10 MB, in base64. https://cloud.google.com/pubsub/quotas#resource_limits */
export const MAX_PUSH_BYTES = 14_000_000;

/** https://cloud.google.com/pubsub/docs/push#receive_push */
const pushSchema = z.object({
  message: z.object({
    data: z.base64(),
    attributes: z.record(z.string(), z.string()).default({}),
    messageId: z.string(),
    orderingKey: z.string().default(''),
  }),
});

/** CloudEvents attributes travel as `ce-<name>`. docs/interfaces.md#bus */
const ATTRIBUTE_PREFIX = 'ce-';

/**
 * `POST /pubsub/push`, which takes one message as a Pub/Sub push subscription delivers it: 204 once it is done with, 503 where Pub/Sub should try again.
 *
 * @param take resolves when the message is done with
 */
export function pubsubHandler(take: (message: BusMessage) => Promise<void>): Handler {
  return async ({ body }) => {
    const message = readPush(body);
    try {
      await take(message);
    } catch (error) {
      if (error instanceof HttpError || !(error instanceof TributaryError && error.class === 'transient')) throw error;
      throw unavailable('BACKEND_UNAVAILABLE', error.message, { cause: error });
    }
    return empty(204);
  };
}

/** @throws {HttpError} 400 INVALID_PUSH */
function readPush(body: Buffer): BusMessage {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw invalid('it is not JSON');
  }
  const parsed = pushSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw invalid(`${issue.path.join('.')}: ${issue.message}`);
  }
  const { orderingKey, attributes, data } = parsed.data.message;
  const own = Object.entries(attributes)
    .filter(([name]) => name.startsWith(ATTRIBUTE_PREFIX))
    .map(([name, text]) => [name.slice(ATTRIBUTE_PREFIX.length), text] as const);
  return { orderingKey, attributes: Object.fromEntries(own), data: Buffer.from(data, 'base64') };
}

function invalid(reason: string): HttpError {
  return new HttpError(400, 'INVALID_PUSH', `The body is no Pub/Sub push request: ${reason}.`);
}
