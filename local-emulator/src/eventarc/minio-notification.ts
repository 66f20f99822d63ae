import { z } from 'zod';

/** What of MinIO's notification is used. https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
const recordSchema = z.object({
  eventName: z.string(),
  s3: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({
      /** URL-encoded, a space as plus. */
      key: z.string().min(1),
      size: z.number().default(0),
      eTag: z.string().default(''),
      contentType: z.string().optional(),
      /** Modification time in nanoseconds, hexadecimal. */
      sequencer: z.string().regex(/^[0-9A-Fa-f]+$/),
    }),
  }),
});

/** MinIO sends an empty body to see whether somebody listens. */
const notificationSchema = z.object({ Records: z.array(recordSchema).default([]) });

/** An object that was written, as it is stored until every function has been told. */
export const writtenObjectSchema = z.strictObject({
  bucket: z.string(),
  name: z.string(),
  /** As the lake adapter tells it: modification time in milliseconds. */
  generation: z.string(),
  size: z.number(),
  etag: z.string(),
  contentType: z.string(),
  time: z.string(),
});

export type WrittenObject = z.output<typeof writtenObjectSchema>;

/** The objects that a notification says were written; of other events, none. */
export function readNotification(body: unknown): WrittenObject[] {
  return notificationSchema
    .parse(body ?? {})
    .Records.filter((record) => record.eventName.startsWith('s3:ObjectCreated:'))
    .map(({ s3: { bucket, object } }) => {
      // Not the event's own time: that one is when MinIO told of it, up to some milliseconds later.
      const modified = Number(BigInt(`0x${object.sequencer}`) / 1_000_000n);
      return {
        bucket: bucket.name,
        name: decodeURIComponent(object.key.replaceAll('+', ' ')),
        generation: String(modified),
        size: object.size,
        etag: object.eTag,
        contentType: object.contentType ?? 'application/octet-stream',
        time: new Date(modified).toISOString(),
      };
    });
}
