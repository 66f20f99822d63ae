import { describe, expect, test } from '@jest/globals';
import { objectFinalized } from './cloud-events.ts';
import { readNotification } from './minio-notification.ts';

/** As MinIO posts it. */
const notification = (key: string) => ({
  EventName: 's3:ObjectCreated:Put',
  Key: `lake/${key}`,
  Records: [
    {
      eventVersion: '2.0',
      eventSource: 'minio:s3',
      eventTime: '2026-11-21T05:58:34.604Z',
      eventName: 's3:ObjectCreated:Put',
      s3: {
        bucket: { name: 'lake', arn: 'arn:aws:s3:::lake' },
        object: {
          key,
          size: 2,
          eTag: '8e683187a00e5d462a4aeee69e9d3d9c',
          contentType: 'application/json',
          sequencer: '18E9F9EB183CD8C0',
        },
      },
    },
  ],
});

describe("MinIO's notification", () => {
  test('names the object as it is called, with the generation of the lake adapter', () => {
    expect(readNotification(notification('raw/dt%3D1/a+b%2Bc%25.json'))).toEqual([
      {
        bucket: 'lake',
        name: 'raw/dt=1/a b+c%.json',
        generation: '1795240714603',
        size: 2,
        etag: '8e683187a00e5d462a4aeee69e9d3d9c',
        contentType: 'application/json',
        time: '2026-11-21T05:58:34.603Z',
      },
    ]);
  });

  test('of anything but a written object names none, and neither does a probe', () => {
    const removed = notification('a');
    removed.Records[0]!.eventName = 's3:ObjectRemoved:Delete';
    expect(readNotification(removed)).toEqual([]);
    expect(readNotification({})).toEqual([]);
    expect(readNotification(undefined)).toEqual([]);
  });

  test('becomes the event that Cloud Storage sends, the same each time', () => {
    const [object] = readNotification(notification('raw/a.json'));
    const event = objectFinalized(object!);
    expect(objectFinalized(object!)).toEqual(event);
    expect(event.headers).toEqual({
      'content-type': 'application/json; charset=utf-8',
      'ce-specversion': '1.0',
      'ce-id': event.id,
      'ce-type': 'google.cloud.storage.object.v1.finalized',
      'ce-source': '//storage.googleapis.com/projects/_/buckets/lake',
      'ce-subject': 'objects/raw/a.json',
      'ce-time': '2026-11-21T05:58:34.603Z',
      'ce-bucket': 'lake',
    });
    expect(JSON.parse(event.body)).toEqual({
      kind: 'storage#object',
      id: 'lake/raw/a.json/1795240714603',
      name: 'raw/a.json',
      bucket: 'lake',
      generation: '1795240714603',
      metageneration: '1',
      contentType: 'application/json',
      timeCreated: '2026-11-21T05:58:34.603Z',
      updated: '2026-11-21T05:58:34.603Z',
      storageClass: 'STANDARD',
      timeStorageClassUpdated: '2026-11-21T05:58:34.603Z',
      size: '2',
      md5Hash: 'jmgxh6AOXUYqSu7mnp09nA==',
      etag: '8e683187a00e5d462a4aeee69e9d3d9c',
    });
  });
});
