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
    ['an object without a generation', () => read(finalized({ ...storageObject, generation: undefined }), 'binary')],
    ['a message that is no chain event', () => read(published('{"type":"warehouse.loaded"}'), 'binary')],
    ['a message that is not JSON', () => read(published('hello'), 'structured')],
  ])('%s is refused as unreadable', (_what, act) => {
    expect(act).toThrow(expect.objectContaining({ code: 'EVENT_UNREADABLE' }));
  });

  test('a type that neither Google nor Tributary sends is refused as unknown', () => {
    expect(() => read(finalized({}, { type: 'com.example.thing' }), 'binary')).toThrow(
      expect.objectContaining({ code: 'EVENT_UNKNOWN' }),
    );
  });

  test.each([
    ['another type of Google’s', () => read(finalized({}, { type: 'google.cloud.audit.log.v1.written' }), 'binary')],
    ['a folder of a console', () => read(finalized({ ...storageObject, name: 'processed/' }), 'structured')],
    ['a message of another topic', () => read(published('hello').cloneWith({ source: '//p/topics/other' }), 'binary')],
  ])('%s is nobody’s here', (_what, act) => {
    expect(act()).toMatchObject({ kind: 'foreign' });
  });
});

describe("Pub/Sub's own push", () => {
  const chain = chainEvent({ type: 'warehouse.loaded', runId: 'r', streams: ['orders'] });
  const { data, attributes } = chainMessage(chain);
  const json = { 'content-type': 'application/json' };
  const pushed = (message: object, headers: Record<string, string> = json) =>
    readEvent(headers, Buffer.from(JSON.stringify({ message, subscription: 'projects/p/subscriptions/s' })));

  test.each([
    ['messageId', { messageId: '1' }],
    ['message_id', { message_id: '1' }],
    ['both', { messageId: '1', message_id: '1', publishTime: chain.time, publish_time: chain.time }],
  ])('a wrapped message is read by its %s', (_name, ids) => {
    expect(pushed({ ...ids, data: data.toString('base64') })).toEqual({ kind: 'chain', event: chain });
  });

  test.each([
    ['with padding', data.toString('base64')],
    ['without padding', data.toString('base64').replaceAll('=', '')],
    ['of URLs', data.toString('base64url')],
    ['in lines', data.toString('base64').replaceAll(/(.{76})/g, '$1\r\n')],
  ])('base64 %s is base64', (_name, encoded) => {
    expect(pushed({ messageId: '1', data: encoded })).toEqual({ kind: 'chain', event: chain });
  });

  test('without wrapping, with metadata in headers', () => {
    const headers = { 'x-goog-pubsub-message-id': '1', 'x-goog-pubsub-subscription-name': 's' };
    const ce = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]));
    expect(readEvent({ ...headers, ...ce }, data)).toEqual({ kind: 'chain', event: chain });
    expect(readEvent({ ...headers, ...json }, data)).toEqual({ kind: 'chain', event: chain });
  });

  test('without wrapping and metadata, the attributes of a chain message make it a CloudEvent', () => {
    const ce = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]));
    expect(readEvent({ ...json, ...ce }, data)).toEqual({ kind: 'chain', event: chain });
  });

  test('a tick may have no data', () => {
    const tick = pushed({ messageId: '9', attributes: { 'ce-type': 'dev.tributary.sweep.tick.v1' } });
    expect(tick).toMatchObject({ kind: 'chain', event: { type: 'sweep.tick' } });
    expect(() => pushed({ messageId: '9' })).toThrow(expect.objectContaining({ code: 'EVENT_UNREADABLE' }));
  });

  test.each([
    ['no id', { data: '' }],
    ['data that is not base64', { messageId: '1', data: '%%%' }],
    ['attributes that are not text', { messageId: '1', attributes: { a: 1 } }],
  ])('a message with %s is refused', (_what, message) => {
    expect(() => pushed(message)).toThrow(expect.objectContaining({ code: 'EVENT_UNREADABLE' }));
  });

  test('what names one object in its attributes and another in its data is refused', () => {
    const attributesOf = (objectId: string) => ({
      ...{ eventType: 'OBJECT_FINALIZE', payloadFormat: 'JSON_API_V1', bucketId: 'lake', objectId },
      objectGeneration: storageObject.generation,
    });
    const body = Buffer.from(JSON.stringify(storageObject)).toString('base64');
    const message = (objectId: string) => ({ messageId: '1', data: body, attributes: attributesOf(objectId) });
    expect(pushed(message(storageObject.name))).toMatchObject({ kind: 'object', object: { size: 1024 } });
    expect(() => pushed(message('else'))).toThrow(expect.objectContaining({ code: 'EVENT_UNREADABLE' }));
  });
});

describe('details of objects', () => {
  test.each([
    ['a string', '1795238402123456', '1795238402123456'],
    ['a number', 1795238402123456, '1795238402123456'],
  ])('a generation may be %s', (_what, generation, expected) => {
    expect(read(finalized({ ...storageObject, generation }), 'structured')).toMatchObject({
      object: { generation: expected },
    });
  });

  test('a generation that lost digits on its way is refused', () => {
    const body = JSON.stringify(storageObject).replace(`"${storageObject.generation}"`, '9007199254740993');
    const { headers } = HTTP.binary(finalized({}));
    const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
    expect(() => readEvent(Object.fromEntries(lowerCase), Buffer.from(body))).toThrow(/generation/);
  });

  test.each(['objects/Gr%C3%B6%C3%9Fe%20a+b.parquet', 'objects/Größe', 'objects/100%'])(
    'the subject %s does not decide what the object is called',
    (subject) => {
      const name = 'processed/orders/Größe a+b%20c.parquet';
      expect(read(finalized({ ...storageObject, name }, { subject }), 'binary')).toMatchObject({ object: { name } });
    },
  );

  test('a notification without payload says what there is to know, and the size is not', () => {
    const attributes = {
      ...{ eventType: 'OBJECT_FINALIZE', payloadFormat: 'NONE', bucketId: 'lake', objectId: 'a b/ü.parquet' },
      objectGeneration: '1795238402123456',
    };
    const body = JSON.stringify({ message: { messageId: '1', attributes }, subscription: 's' });
    expect(readEvent({ 'content-type': 'application/json' }, Buffer.from(body))).toEqual({
      kind: 'object',
      object: {
        ...{ bucket: 'lake', name: 'a b/ü.parquet', generation: '1795238402123456' },
        timeCreated: '2026-11-21T05:20:02.123Z',
      },
      traceparent: undefined,
    });
  });
});
