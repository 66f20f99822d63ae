import type { PulledMessage } from './rest-client.ts';

export interface PushRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * A message as a push subscription posts it, with both spellings of some names, and the attempt where the subscription has dead letters.
 * https://cloud.google.com/pubsub/docs/push#receive_push
 */
export function pushRequest(subscription: string, pulled: PulledMessage, token: string): PushRequest {
  const { data, attributes, messageId, publishTime, orderingKey } = pulled.message;
  return {
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      from: 'noreply@google.com',
      'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
    },
    body: JSON.stringify({
      ...(pulled.deliveryAttempt ? { deliveryAttempt: pulled.deliveryAttempt } : {}),
      message: {
        attributes,
        data,
        messageId,
        message_id: messageId,
        ...(orderingKey ? { orderingKey } : {}),
        publishTime,
        publish_time: publishTime,
      },
      subscription,
    }),
  };
}

/** Answers by which a message is acknowledged; every other one refuses it. https://cloud.google.com/pubsub/docs/push#receive_push */
const ACKNOWLEDGED = new Set([102, 200, 201, 202, 204]);

export const isAcknowledged = (status: number): boolean => ACKNOWLEDGED.has(status);
