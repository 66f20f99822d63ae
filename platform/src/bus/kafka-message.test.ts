import { describe, expect, test } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';
import { fromKafka, sizeOf, toKafka } from './kafka-message.ts';

const message = {
  orderingKey: 'orders:{"order_id":"1"}',
  attributes: { specversion: '1.0', id: 'ab', type: 'dev.tributary.change.v1' },
  data: Buffer.from('{"é":1}'),
};

const stored = (sent: ReturnType<typeof toKafka>): KafkaMessage => ({
  key: sent.key === null ? null : Buffer.from(String(sent.key)),
  value: sent.value as Buffer,
  headers: Object.fromEntries(Object.entries(sent.headers!).map(([name, value]) => [name, Buffer.from(String(value))])),
  timestamp: '1795240667791',
  offset: '7',
  attributes: 0,
});

describe('a message on Kafka', () => {
  test('attributes are headers as the CloudEvents binding says', () => {
    expect(toKafka(message).headers).toEqual({
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: 'ab',
      ce_type: 'dev.tributary.change.v1',
    });
  });

  test('what comes back is what was sent, with its place and time', () => {
    expect(fromKafka(3, stored(toKafka(message)))).toEqual({
      ...message,
      messageId: '3-7',
      publishTime: new Date(1_795_240_667_791),
    });
  });

  test('without an ordering key there is no key, and messages spread over the partitions', () => {
    expect(toKafka({ ...message, orderingKey: '' }).key).toBeNull();
    expect(fromKafka(0, stored(toKafka({ ...message, orderingKey: '' }))).orderingKey).toBe('');
  });

  test('its size is never underestimated', () => {
    const { key, value, headers } = stored(toKafka(message));
    const names = Object.entries(headers!).map(([name, header]) => name.length + (header as Buffer).length);
    const bytes = key!.length + value!.length + names.reduce((sum, each) => sum + each, 0);
    expect(sizeOf(message)).toBeGreaterThanOrEqual(bytes);
  });
});
