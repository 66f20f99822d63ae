import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { UserError } from '../errors/index.ts';
import { type ChainEvent, chainEvent, chainEventType, digestId, parseChainEvent } from '../events/index.ts';
import { type CloudEventEnvelope, readRequest } from './cloud-event.ts';
import { unknownType, unreadable } from './errors.ts';
import {
  attribute,
  isWrapped,
  type PubsubMessage,
  topicOf,
  unwrappedMessage,
  wrappedMessage,
} from './pubsub-message.ts';
import { type FinalizedObject, isStorageNotification, notifiedObject, readStorageObject } from './storage-object.ts';

/** https://cloud.google.com/eventarc/docs/cloudevents#storage */
const OBJECT_FINALIZED = 'google.cloud.storage.object.v1.finalized';
/** https://cloud.google.com/eventarc/docs/cloudevents#pubsub */
const MESSAGE_PUBLISHED = 'google.cloud.pubsub.topic.v1.messagePublished';
/** Every type that Google sends. https://github.com/googleapis/google-cloudevents */
const OF_GOOGLE = /^google\.[a-z]/;
const OF_OURS = /^dev\.tributary\.[a-z.]+\.v\d+$/;

/** What a function is told. docs/interfaces.md#event-delivery-to-functions */
export type DeliveredEvent =
  | { readonly kind: 'object'; readonly object: FinalizedObject; readonly traceparent: string | undefined }
  | { readonly kind: 'chain'; readonly event: ChainEvent };

/** A well-formed event that is nobody's here; it is acknowledged, for to send it again is of no use and nothing is wrong. */
export interface ForeignEvent {
  readonly kind: 'foreign';
  readonly type: string;
  readonly why: string;
}

export interface ReadOptions {
  /** The topic of chain events: what comes from it must be one. */
  readonly chainTopic: string;
}

/**
 * The event of a request, in any form in which Google delivers it: CloudEvents in binary and structured mode, of Cloud Storage directly or as a notification through
 * Pub/Sub, and Pub/Sub's own push, wrapped or not.
 *
 * @throws {UserError} one of {@link EventErrorCode}: what was sent is no event, or not one that anything here knows.
 */
export function readEvent(
  headers: IncomingHttpHeaders,
  body: Buffer,
  options: ReadOptions = { chainTopic: 'tributary.chain' },
): DeliveredEvent | ForeignEvent {
  const unwrapped = unwrappedMessage(headers, body);
  // With metadata, a subscription may also keep the wrapping; then the body tells.
  if (unwrapped && !isWrapped(jsonOf(body))) return ofMessage(unwrapped, options);
  const request = readRequest(headers, body);
  if ('type' in request) return ofCloudEvent(request, options);
  if (isWrapped(request.body)) return ofMessage(wrappedMessage(request.body, undefined), options);
  throw unreadable('the request is neither a CloudEvent, binary or structured, nor a push of Pub/Sub');
}

function ofCloudEvent(event: CloudEventEnvelope, options: ReadOptions): DeliveredEvent | ForeignEvent {
  const { type, traceparent } = event;
  if (type === OBJECT_FINALIZED) return ofObject(readStorageObject(event.data), traceparent);
  if (type === MESSAGE_PUBLISHED) {
    return ofMessage(wrappedMessage(event.data, topicOf(event.source), event.id), options);
  }
  if (OF_OURS.test(type)) return { kind: 'chain', event: parseChainEvent(JSON.stringify(event.data ?? null)) };
  if (OF_GOOGLE.test(type)) return { kind: 'foreign', type, why: 'no function takes events of this type' };
  throw unknownType(type);
}

function ofMessage(message: PubsubMessage, options: ReadOptions): DeliveredEvent | ForeignEvent {
  if (isStorageNotification(message)) {
    const object = notifiedObject(message);
    if (object) return ofObject(object, attribute(message, 'traceparent'));
    const type = attribute(message, 'eventType') ?? 'a notification without eventType';
    return { kind: 'foreign', type, why: 'only new objects are of interest' };
  }
  try {
    return { kind: 'chain', event: chainEventOf(message) };
  } catch (error) {
    const { topic } = message;
    if (!(error instanceof UserError) || topic === undefined || topic === options.chainTopic) throw error;
    return { kind: 'foreign', type: MESSAGE_PUBLISHED, why: `the topic ${topic} is not ${options.chainTopic}` };
  }
}

function ofObject(object: FinalizedObject, traceparent: string | undefined): DeliveredEvent | ForeignEvent {
  // Consoles make an empty object for a folder. https://cloud.google.com/storage/docs/folders#overview
  if (object.name.endsWith('/')) return { kind: 'foreign', type: OBJECT_FINALIZED, why: 'it stands for a folder' };
  return { kind: 'object', object, traceparent };
}

const bareTickSchema = z.object({ type: z.literal('sweep.tick'), event_id: z.undefined().optional() });

/**
 * A scheduler can only send the same few words each time, so a tick may be `{"type":"sweep.tick"}`, or no data and the attribute `ce-type`, and gets its id from the
 * message.
 */
function chainEventOf(message: PubsubMessage): ChainEvent {
  const { data, messageId } = message;
  const isTick =
    data.length === 0
      ? attribute(message, 'ce-type') === chainEventType('sweep.tick')
      : bareTickSchema.safeParse(jsonOf(data)).success;
  if (isTick)
    return chainEvent({ type: 'sweep.tick', runId: digestId(['sweep.tick', messageId]), identity: [messageId] });
  return parseChainEvent(data);
}

function jsonOf(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    return undefined;
  }
}
