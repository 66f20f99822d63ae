import type { BusMessage } from '@tributary/platform/bus';
import { digestId } from '@tributary/platform/events';
import type { WrittenObject } from './minio-notification.ts';

/** An event as Eventarc posts it, CloudEvents binary mode. */
export interface PostedEvent {
  readonly id: string;
  /** What it is about, for logs. */
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** https://cloud.google.com/eventarc/docs/cloudevents#storage */
export function objectFinalized(object: WrittenObject): PostedEvent {
  const { bucket, name, generation, time } = object;
  // The same notification, delivered again, has the same id.
  const id = digestId([bucket, name, generation]);
  const subject = `objects/${name}`;
  const data = {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation,
    metageneration: '1',
    contentType: object.contentType,
    timeCreated: time,
    updated: time,
    storageClass: 'STANDARD',
    timeStorageClassUpdated: time,
    size: String(object.size),
    ...md5Of(object.etag),
    etag: object.etag,
  };
  return {
    id,
    subject,
    headers: headersOf({
      id,
      type: 'google.cloud.storage.object.v1.finalized',
      source: `//storage.googleapis.com/projects/_/buckets/${bucket}`,
      subject,
      time,
      bucket,
    }),
    body: JSON.stringify(data),
  };
}

/** The ETag of an object that was written at once is its MD5; that of a multipart upload is not. */
function md5Of(etag: string): { md5Hash?: string } {
  return /^[0-9a-f]{32}$/.test(etag) ? { md5Hash: Buffer.from(etag, 'hex').toString('base64') } : {};
}

export interface PublishedMessage extends BusMessage {
  readonly messageId: string;
  readonly publishTime: Date;
}

/** https://cloud.google.com/eventarc/docs/cloudevents#pubsub; the data is what Pub/Sub pushes, with both spellings of some names. */
export function messagePublished(
  message: PublishedMessage,
  { projectId, topic, subscription }: { projectId: string; topic: string; subscription: string },
): PostedEvent {
  const { messageId, attributes } = message;
  const publishTime = message.publishTime.toISOString();
  const data = {
    message: {
      data: message.data.toString('base64'),
      attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value])),
      messageId,
      message_id: messageId,
      publishTime,
      publish_time: publishTime,
      ...(message.orderingKey === '' ? {} : { orderingKey: message.orderingKey }),
    },
    subscription: `projects/${projectId}/subscriptions/${subscription}`,
  };
  return {
    id: messageId,
    subject: attributes.type ?? topic,
    headers: {
      ...headersOf({
        id: messageId,
        type: 'google.cloud.pubsub.topic.v1.messagePublished',
        source: `//pubsub.googleapis.com/projects/${projectId}/topics/${topic}`,
        time: publishTime,
      }),
      ...(attributes.traceparent ? { traceparent: attributes.traceparent } : {}),
    },
    body: JSON.stringify(data),
  };
}

function headersOf(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': JSON_TYPE, 'ce-specversion': '1.0' };
  for (const [name, value] of Object.entries(attributes)) headers[`ce-${name}`] = headerValue(value);
  return headers;
}

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values */
function headerValue(value: string): string {
  return value.replaceAll(/[^\x21-\x7e]+|["%]/g, encodeURIComponent);
}
