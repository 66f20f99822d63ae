import { z } from 'zod';
import { unreadable } from './errors.ts';
import { attribute, type PubsubMessage } from './pubsub-message.ts';

/** Google writes 64-bit numbers as strings, its samples also as numbers; beyond 2^53 a number has lost digits, and is refused. */
const decimal = z.union([z.string().regex(/^\d{1,20}$/), z.int().min(0)]).transform(String);

const instant = z.iso.datetime({ offset: true });

/** Of StorageObjectData, what the functions use. https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/storage/v1/data.proto */
const storageObjectSchema = z.object({
  bucket: z.string().min(1),
  name: z.string().min(1),
  generation: decimal,
  /** Bytes; absent in notifications without payload, and then the store is asked. */
  size: decimal.transform(Number).optional(),
  timeCreated: instant,
});

/** A new object, or a new generation of one. */
export type FinalizedObject = z.output<typeof storageObjectSchema>;

/** @throws {UserError} EVENT_UNREADABLE naming the field at fault. */
export function readStorageObject(data: unknown): FinalizedObject {
  const result = storageObjectSchema.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw unreadable(`its data is wrong at ${issue.path.join('.') || '(the whole)'}: ${issue.message}`);
}

/** https://cloud.google.com/storage/docs/pubsub-notifications#events */
const FINALIZE = 'OBJECT_FINALIZE';

/** Whether a message is a notification of Cloud Storage. https://cloud.google.com/storage/docs/pubsub-notifications#attributes */
export function isStorageNotification(message: PubsubMessage): boolean {
  return (
    attribute(message, 'notificationConfig') !== undefined || /^OBJECT_/.test(attribute(message, 'eventType') ?? '')
  );
}

/**
 * The object of a notification; undefined where it is not about a new one.
 *
 * With payload format JSON_API_V1 the data is the object; with NONE there are only attributes, and neither size nor time of creation is told: the generation
 * is the time, in microseconds.
 *
 * @throws {UserError} EVENT_UNREADABLE.
 */
export function notifiedObject(message: PubsubMessage): FinalizedObject | undefined {
  if (attribute(message, 'eventType') !== FINALIZE) return undefined;
  const bucket = attribute(message, 'bucketId');
  const name = attribute(message, 'objectId');
  const generation = attribute(message, 'objectGeneration');
  if (message.data.length === 0 || attribute(message, 'payloadFormat') === 'NONE') {
    const timeCreated = attribute(message, 'eventTime') ?? timeOf(generation);
    return readStorageObject({ bucket, name, generation, timeCreated });
  }
  const object = readStorageObject(parsed(message.data));
  if (object.bucket !== bucket || object.name !== name || object.generation !== generation) {
    throw unreadable('the attributes of the notification name another object than its data');
  }
  return object;
}

function timeOf(generation: string | undefined): string | undefined {
  const time = new Date(Number(generation) / 1_000);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function parsed(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    throw unreadable('the data of the notification is not JSON');
  }
}
