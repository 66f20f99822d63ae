import { describe, expect, test } from '@jest/globals';
import { CloudEvent, HTTP } from 'cloudevents';
import { chainEvent, chainMessage } from '../events/index.ts';
import { readEvent } from './index.ts';

const storageObject = {
  kind: 'storage#object',
  bucket: 'lake',
  name: 'processed/orders/dt=2026-11-21/hr=05/part-1.parquet',
  generation: '1795238402123456',
  metageneration: '1',
  size: '1024',
  contentType: 'application/octet-stream',
  timeCreated: '2026-11-21T05:20:02.123Z',
  updated: '2026-11-21T05:20:02.123Z',
  etag: 'CMC=',
};

function finalized(data: unknown, more: Record<string, unknown> = {}) {
  return new CloudEvent({
    id: '1',
    type: 'google.cloud.storage.object.v1.finalized',
    source: '//storage.googleapis.com/projects/_/buckets/lake',
    subject: 'objects/x',
    datacontenttype: 'application/json',
    data,
    ...more,
  });
}

function published(data: string, messageId = '0-7') {
  return new CloudEvent({
    id: messageId,
    type: 'google.cloud.pubsub.topic.v1.messagePublished',
    source: '//pubsub.googleapis.com/projects/p/topics/tributary.chain',
    data: { message: { data: Buffer.from(data).toString('base64'), messageId, attributes: {} }, subscription: 's' },
  });
}

/** As it comes over HTTP. */
function read(event: CloudEvent<unknown>, mode: 'binary' | 'structured') {
  const { headers, body } = HTTP[mode](event);
  const lowerCase = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return readEvent(lowerCase as Record<string, string>, Buffer.from(body as string));
}

describe('events of functions', () => {
  test.each(['binary', 'structured'] as const)('an object event is read in %s mode', (mode) => {
    const { bucket, name, generation, timeCreated } = storageObject;
    expect(read(finalized(storageObject), mode)).toEqual({
      kind: 'object',
      object: { bucket, name, generation, timeCreated, size: 1024 },
      traceparent: undefined,
    });
  });

  test.each(['binary', 'structured'] as const)('a chain event is read in %s mode', (mode) => {
    const event = chainEvent({ type: 'warehouse.loaded', runId: 'r', streams: ['orders'] });
    expect(read(published(chainMessage(event).data.toString()), mode)).toEqual({ kind: 'chain', event });
  });

  test('a trace goes on', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(read(finalized(storageObject, { traceparent }), 'binary')).toMatchObject({ traceparent });
  });

  test('a tick of a scheduler, which cannot make up ids, is a chain event with the id of its message', () => {
    const tick = () => read(published('{"type":"sweep.tick"}'), 'binary');
    expect(tick()).toMatchObject({ kind: 'chain', event: { type: 'sweep.tick', status: 'ok' } });
    const idOf = (event: ReturnType<typeof readEvent>) => (event.kind === 'chain' ? event.event.event_id : '');
    expect(idOf(tick())).toBe(idOf(tick()));
    expect(idOf(tick())).not.toBe(idOf(read(published('{"type":"sweep.tick"}', '0-8'), 'binary')));
  });

  test.each([
    ['no CloudEvent at all', () => readEvent({ 'content-type': 'application/json' }, Buffer.from('{"a":1}'))],
    ['an empty request', () => readEvent({}, Buffer.alloc(0))],
    [
      'a structured event that is not JSON',
      () => readEvent({ 'content-type': 'application/cloudevents+json' }, Buffer.from('{"id":')),
    ],
    ['another type of event', () => read(finalized({}, { type: 'google.cloud.audit.log.v1.written' }), 'binary')],
    ['an object without a generation', () => read(finalized({ ...storageObject, generation: undefined }), 'binary')],
    ['a message that is no chain event', () => read(published('{"type":"warehouse.loaded"}'), 'binary')],
    ['a message that is not JSON', () => read(published('hello'), 'structured')],
  ])('%s is refused as unreadable', (_what, act) => {
    expect(act).toThrow(expect.objectContaining({ code: 'EVENT_UNREADABLE' }));
  });
});
