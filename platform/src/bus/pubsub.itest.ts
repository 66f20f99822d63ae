import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { Buses, describeBus, message, until } from './testing/contract.ts';

/**
 * The adapter of Pub/Sub against Google's fake of it (local-emulator/pubsub). What that does not do as Pub/Sub does: nothing survives its end, so the bus is
 * not killed here; everybody may do everything; nothing is delivered twice unless a lease ends.
 */
describe('the bus on Pub/Sub', () => {
  let stack: TestStack;
  const environment = () => ({ ...stack.env, BUS: 'pubsub' });
  const buses = new Buses(environment);

  beforeAll(async () => {
    stack = await startComponents(['pubsub'], { needs: false });
  }, 300_000);

  afterEach(() => buses.close(), 60_000);
  afterAll(() => stack?.stop(), 60_000);

  describeBus('Pub/Sub', { environment, away: { PUBSUB_ENDPOINT: '127.0.0.1:9' } });

  const rest = async (method: string, path: string, body: object = {}) => {
    const response = await fetch(`${stack.env.PUBSUB_REST_URL}/v1/projects/${stack.env.PROJECT_ID}/${path}`, {
      method,
      ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  };

  test('a message that its subscriber never takes is a dead letter after the last attempt, with where it came from, and the next one goes on', async () => {
    const env = buses.env();
    const bus = await buses.ready(env);
    const prefix = env.TOPIC_PREFIX;
    await rest('PUT', `topics/${prefix}undeliverable`);
    const project = `projects/${env.PROJECT_ID}`;
    await rest('PUT', `subscriptions/${prefix}undeliverable.kept`, {
      ...{ topic: `${project}/topics/${prefix}undeliverable`, ackDeadlineSeconds: 10 },
    });
    // As Terraform makes it; the adapter takes it as it is.
    const made = await rest('PUT', `subscriptions/${prefix}features.feature-push`, {
      ...{ topic: `${project}/topics/${prefix}features`, ackDeadlineSeconds: 10, enableMessageOrdering: true },
      deadLetterPolicy: { deadLetterTopic: `${project}/topics/${prefix}undeliverable`, maxDeliveryAttempts: 5 },
      retryPolicy: { minimumBackoff: '0s', maximumBackoff: '1s' },
    });
    expect(made).toMatchObject({ status: 200, body: { deadLetterPolicy: { maxDeliveryAttempts: 5 } } });
    // A second subscription of the topic, whose deliveries are none of the first one's.
    const others: string[] = [];
    await bus.subscribe('features', 'other', async (batch) => {
      others.push(...batch.map(({ attributes }) => attributes.id!));
    });
    let attempts = 0;
    const taken: string[] = [];
    await bus.subscribe('features', 'feature-push', async (batch) => {
      if (batch.some(({ attributes }) => attributes.id === 'k-1')) {
        attempts += 1;
        throw new Error('never');
      }
      taken.push(...batch.map(({ attributes }) => attributes.id!));
    });
    await bus.publish('features', [message('k', 1), message('k', 2)]);
    await until('the message behind it', () => taken.includes('k-2'));
    expect(attempts).toBe(5);
    const pulled = await rest('POST', `subscriptions/${prefix}undeliverable.kept:pull`, { maxMessages: 10 });
    expect(pulled.body.receivedMessages).toMatchObject([
      {
        message: {
          orderingKey: 'k',
          attributes: {
            'ce-id': 'k-1',
            CloudPubSubDeadLetterSourceDeliveryCount: '5',
            CloudPubSubDeadLetterSourceSubscription: `${prefix}features.feature-push`,
            CloudPubSubDeadLetterSourceSubscriptionProject: env.PROJECT_ID,
          },
        },
      },
    ]);
    await until('the other subscription has both', () => others.length === 2);
    expect([...others].sort()).toEqual(['k-1', 'k-2']);
  }, 90_000);

  test('a subscription of a group is made with ordering, and kept for ever', async () => {
    const env = buses.env();
    const bus = await buses.ready(env);
    await bus.subscribe('chain', 'g', async () => {});
    expect(await rest('GET', `subscriptions/${env.TOPIC_PREFIX}chain.g`)).toMatchObject({
      body: { enableMessageOrdering: true, retryPolicy: { minimumBackoff: '1s', maximumBackoff: '10s' } },
    });
  }, 60_000);

  test('what waits in a slow subscriber is bounded: the rest stays with Pub/Sub for other members', async () => {
    const env = buses.env();
    const [slow, quick] = [await buses.ready(env), await buses.ready(env)];
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let held = 0;
    await slow.subscribe('changes', 'g', async (batch) => {
      held += batch.length;
      await released;
    });
    const messages = Array.from({ length: 6_000 }, (_, n) => message(`key-${n}`, n));
    await slow.publish('changes', messages.slice(0, 1));
    await until('the slow member to be at work', () => held > 0);
    await slow.publish('changes', messages.slice(1));
    const taken = new Set<string>();
    await quick.subscribe('changes', 'g', async (batch) => {
      for (const { attributes } of batch) taken.add(attributes.id!);
    });
    // 2,000 messages may wait in the slow one, some more are on their way to it.
    await until('the quick member to get what the slow one does not hold', () => taken.size > 1_000);
    release();
    await delay(0);
    await until('all messages', () => taken.size + held >= messages.length);
  }, 120_000);
});
