import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { decodeBase64, header, isObject } from './cloud-event.ts';
import { unreadable } from './errors.ts';

/** A message of Pub/Sub, in whatever wrapping it came. */
export interface PubsubMessage {
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageId: string;
  /** The topic's name without its project, where the delivery tells. */
  readonly topic: string | undefined;
}

const text = z.string().min(1);
const optionalText = z.string().nullish();

/**
 * As push and Eventarc send it: https://cloud.google.com/pubsub/docs/push#receive_push. Push writes two fields twice, in camelCase and in snake_case; one is
 * enough. https://github.com/googleapis/google-cloudevents has it as MessagePublishedData-duplicatedFields.json.
 */
const wrappedSchema = z.object({
  message: z
    .object({
      data: optionalText,
      attributes: z.record(z.string(), z.string()).nullish(),
      messageId: optionalText,
      message_id: optionalText,
    })
    .refine(({ messageId, message_id }) => Boolean(messageId || message_id), 'it has no messageId'),
  subscription: optionalText,
});

/** @param topic of the CloudEvent's source, where there is one. @throws {UserError} EVENT_UNREADABLE. */
export function wrappedMessage(value: unknown, topic: string | undefined, id?: string): PubsubMessage {
  const candidate = id !== undefined && isObject(value) ? withId(value, id) : value;
  const result = wrappedSchema.safeParse(candidate);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw unreadable(`its data is wrong at ${issue.path.join('.') || '(the whole)'}: ${issue.message}`);
  }
  const { data, attributes, messageId, message_id } = result.data.message;
  const bytes = decodeBase64(data ?? '');
  if (!bytes) throw unreadable('its message.data is not base64');
  return { data: bytes, attributes: attributes ?? {}, messageId: (messageId || message_id)!, topic };
}

/** The id of a CloudEvent around a message is the message's. */
function withId(value: Record<string, unknown>, id: string): unknown {
  return isObject(value.message) ? { ...value, message: { messageId: id, ...value.message } } : value;
}

/** Whether a body is a push of Pub/Sub, with its wrapping. */
export function isWrapped(body: unknown): boolean {
  return isObject(body) && isObject(body.message);
}

const METADATA = 'x-goog-pubsub-';

/**
 * A push without wrapping, where the subscription writes metadata: the body is the message's data, attributes are headers.
 * https://cloud.google.com/pubsub/docs/payload-unwrapping
 *
 * Header names are in lower case, so attributes are, too.
 */
export function unwrappedMessage(headers: IncomingHttpHeaders, body: Buffer): PubsubMessage | undefined {
  const messageId = header(headers, `${METADATA}message-id`);
  if (messageId === undefined) return undefined;
  if (!text.safeParse(messageId).success) throw unreadable('its x-goog-pubsub-message-id is empty');
  const attributes = Object.keys(headers).map((name) => [name, header(headers, name) ?? ''] as const);
  return { data: body, attributes: Object.fromEntries(attributes), messageId, topic: undefined };
}

/** An attribute, whichever case its name has come in. */
export function attribute({ attributes }: PubsubMessage, name: string): string | undefined {
  return attributes[name] ?? attributes[name.toLowerCase()];
}

/** `//pubsub.googleapis.com/projects/<project>/topics/<topic>` */
export function topicOf(source: string): string | undefined {
  return /\/topics\/([^/]+)$/.exec(source)?.[1];
}
