import type { BusMessage } from '@tributary/platform/bus';
import { TributaryError } from '@tributary/platform/errors';
import type { Logger } from '@tributary/platform/log';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { FeaturePush } from './push.ts';

/** https://cloud.google.com/pubsub/docs/push#receive_push */
const pushSchema = z.object({
  message: z.object({
    data: z.base64(),
    attributes: z.record(z.string(), z.string()).default({}),
    messageId: z.string(),
    orderingKey: z.string().default(''),
  }),
});

/** Room for the largest Pub/Sub message, 10 MB, in base64. https://cloud.google.com/pubsub/quotas#resource_limits */
const MAX_BODY_BYTES = 14_000_000;

/** CloudEvents attributes travel as `ce-<name>`. docs/interfaces.md#bus */
const ATTRIBUTE_PREFIX = 'ce-';

/**
 * `GET /healthz`, and `POST /pubsub/push`, which takes one message as a Pub/Sub push subscription delivers it: 204 once it is done with, 503 where
 * Pub/Sub should try again.
 */
export function createPushServer({ push, log }: { push: FeaturePush; log: Logger }): FastifyInstance {
  const server = Fastify({ logger: false, bodyLimit: MAX_BODY_BYTES });

  server.get('/healthz', async () => ({ status: 'ok' }));

  server.post('/pubsub/push', async (request, reply) => {
    const parsed = pushSchema.safeParse(request.body);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      return reply.code(400).send({
        code: 'NOT_A_PUSH',
        message: `Not a Pub/Sub push request at ${issue.path.join('.')}: ${issue.message}.`,
      });
    }
    try {
      await push.handle([toBusMessage(parsed.data.message)]);
      return reply.code(204).send();
    } catch (error) {
      const transient = error instanceof TributaryError && error.class === 'transient';
      log[transient ? 'warn' : 'error']({ err: error, messageId: parsed.data.message.messageId }, 'message not taken');
      return reply.code(transient ? 503 : 500).send({ code: transient ? (error as TributaryError).code : 'INTERNAL' });
    }
  });

  return server;
}

function toBusMessage(message: z.output<typeof pushSchema>['message']): BusMessage {
  const attributes = Object.entries(message.attributes)
    .filter(([name]) => name.startsWith(ATTRIBUTE_PREFIX))
    .map(([name, value]) => [name.slice(ATTRIBUTE_PREFIX.length), value] as const);
  return {
    orderingKey: message.orderingKey,
    attributes: Object.fromEntries(attributes),
    data: Buffer.from(message.data, 'base64'),
  };
}
