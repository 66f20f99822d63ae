import type { IncomingHttpHeaders } from 'node:http';
import { CloudEvent, HTTP } from 'cloudevents';
import { z } from 'zod';
import { UserError } from '../errors/index.ts';
import { type ChainEvent, chainEvent, digestId, parseChainEvent } from '../events/index.ts';

/** https://cloud.google.com/eventarc/docs/cloudevents#storage */
const OBJECT_FINALIZED = 'google.cloud.storage.object.v1.finalized';
/** https://cloud.google.com/eventarc/docs/cloudevents#pubsub */
const MESSAGE_PUBLISHED = 'google.cloud.pubsub.topic.v1.messagePublished';

const decimal = z.union([z.string().regex(/^\d+$/), z.int().min(0)]).transform(String);

/** Of StorageObjectData, what the functions use. https://googleapis.github.io/google-cloudevents/examples/structured/storage/StorageObjectData-complex.json */
const storageObjectSchema = z.object({
  bucket: z.string().min(1),
  name: z.string().min(1),
  generation: decimal,
  size: decimal.transform(Number),
  timeCreated: z.iso.datetime({ offset: true }),
});

/** A new object, or a new generation of one. */
export type FinalizedObject = z.output<typeof storageObjectSchema>;

const messagePublishedSchema = z.object({
  message: z.object({ data: z.base64(), messageId: z.string().min(1) }),
});

/** What a function is told. docs/interfaces.md#event-delivery-to-functions */
export type DeliveredEvent =
  | { readonly kind: 'object'; readonly object: FinalizedObject; readonly traceparent: string | undefined }
  | { readonly kind: 'chain'; readonly event: ChainEvent };

/**
 * The event of a request, in CloudEvents' binary or structured mode.
 *
 * @throws {UserError} EVENT_UNREADABLE: what was sent is no event, or not one that any function takes; to deliver it again is of no use.
 */
export function readEvent(headers: IncomingHttpHeaders, body: Buffer): DeliveredEvent {
  const event = readCloudEvent(headers, body);
  switch (event.type) {
    case OBJECT_FINALIZED: {
      const object = readData(event, storageObjectSchema);
      const traceparent = event.traceparent ?? headers.traceparent;
      return { kind: 'object', object, traceparent: typeof traceparent === 'string' ? traceparent : undefined };
    }
    case MESSAGE_PUBLISHED: {
      const { message } = readData(event, messagePublishedSchema);
      return { kind: 'chain', event: readChainEvent(Buffer.from(message.data, 'base64'), message.messageId) };
    }
    default:
      throw unreadable(`its type is ${event.type}; the functions take ${OBJECT_FINALIZED} and ${MESSAGE_PUBLISHED}`);
  }
}

function readCloudEvent(headers: IncomingHttpHeaders, body: Buffer): CloudEvent<unknown> {
  let event: unknown;
  try {
    event = HTTP.toEvent({ headers, body: body.toString('utf8') });
  } catch (error) {
    throw unreadable('the request is neither a binary nor a structured CloudEvent', { cause: error });
  }
  if (!(event instanceof CloudEvent) || !event.id || !event.source || !event.type) {
    throw unreadable('the CloudEvent lacks id, source or type, or is a batch');
  }
  return event;
}

function readData<S extends z.ZodType>(event: CloudEvent<unknown>, schema: S): z.output<S> {
  const result = schema.safeParse(event.data);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw unreadable(`its data is wrong at ${issue.path.join('.') || '(the whole)'}: ${issue.message}`);
}

const bareTickSchema = z.object({ type: z.literal('sweep.tick'), event_id: z.undefined().optional() });

/** A scheduler can only send the same few words each time, so a tick may be `{"type":"sweep.tick"}` and gets its id from the message. */
function readChainEvent(data: Buffer, messageId: string): ChainEvent {
  if (isBareTick(data)) {
    return chainEvent({ type: 'sweep.tick', runId: digestId(['sweep.tick', messageId]), identity: [messageId] });
  }
  return parseChainEvent(data);
}

function isBareTick(data: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(data.toString('utf8'));
    return bareTickSchema.safeParse(value).success;
  } catch {
    return false;
  }
}

function unreadable(problem: string, options?: ErrorOptions): UserError {
  return new UserError(
    'EVENT_UNREADABLE',
    `The event cannot be read: ${problem}. docs/interfaces.md#event-delivery-to-functions has its format.`,
    options,
  );
}
