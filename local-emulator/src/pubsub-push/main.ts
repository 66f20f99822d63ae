import { toPubSub } from '@tributary/platform/bus';
import { jsonText, readConfig, readVariables, variable } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { chainEvent, chainMessage } from '@tributary/platform/events';
import { createLogger } from '@tributary/platform/log';
import { startIssuer } from '@tributary/platform/oidc/testing';
import fastify from 'fastify';
import { z } from 'zod';
import { LEASE_SECONDS } from '../components/pubsub-resources.ts';
import { Pusher } from './pusher.ts';
import { type PulledMessage, SubscriptionClient } from './rest-client.ts';

const VARIABLES = {
  PUBSUB_REST_URL: variable(z.url(), "where the Pub/Sub stand-in's JSON API listens", 'http://127.0.0.1:8086'),
  PUSHES: variable(
    jsonText(
      z.array(z.strictObject({ subscription: z.string().min(1), endpoint: z.url(), ticks: z.boolean() })).min(1),
    ),
    'which subscription is pushed where',
    '[{"subscription":"projects/p/subscriptions/tributary.chain.notify","endpoint":"http://127.0.0.1:8081/","ticks":true}]',
  ),
  TICK_SECONDS: variable(z.coerce.number().positive().default(10), 'how often the sweep is told to look', '10'),
};

/** The account that tokens name: in the cloud each subscription has its own. */
const PUSH_ACCOUNT = 'pubsub-push@tributary-local.iam.gserviceaccount.com';

/** How long requests under way may take to end when the process is to stop. */
const CLOSE_LIMIT_MS = 5_000;

/**
 * Pub/Sub's push and Cloud Scheduler, for the local Pub/Sub server, which has none: a pusher for each subscription. Sweep ticks are posted as the same push, but
 * are on no topic.
 */
const log = createLogger('pubsub-push');
try {
  const { http } = readConfig('http');
  const { PUBSUB_REST_URL, PUSHES, TICK_SECONDS } = readVariables(VARIABLES);
  const issuer = await startIssuer();
  const token = (audience: string): string => issuer.token({ aud: audience, email: PUSH_ACCOUNT });
  const stop = new AbortController();
  const pushers = PUSHES.map(({ subscription, endpoint, ticks }) => {
    const settings = { subscription, endpoint, leaseSeconds: LEASE_SECONDS, token };
    return {
      subscription,
      ticks,
      pusher: new Pusher(settings, new SubscriptionClient(PUBSUB_REST_URL, subscription), log),
    };
  });

  const server = fastify({ logger: false, forceCloseConnections: true });
  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/stats', async () => ({
    subscriptions: Object.fromEntries(pushers.map(({ subscription, pusher }) => [subscription, pusher.stats])),
  }));
  await server.listen({ host: http.host, port: http.port });
  const running = pushers.map(({ pusher }) => pusher.run(stop.signal));
  log.info({ url: server.listeningOrigin, subscriptions: pushers.length }, 'ready');

  const ticking = new Set<Pusher>();
  const ticker = setInterval(() => {
    const now = new Date();
    const tick = tickMessage(now);
    for (const { pusher, ticks } of pushers) {
      // Not while it is still busy with the former one.
      if (!ticks || ticking.has(pusher)) continue;
      ticking.add(pusher);
      void pusher.offer(tick).finally(() => ticking.delete(pusher));
    }
  }, TICK_SECONDS * 1_000);

  const close = async (): Promise<void> => {
    if (stop.signal.aborted) return;
    clearInterval(ticker);
    setTimeout(() => process.exit(0), CLOSE_LIMIT_MS).unref();
    stop.abort(new Error('the process is to stop'));
    await Promise.all(running);
    await Promise.all([server.close(), issuer.stop()]);
    process.exit(0);
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
} catch (error) {
  log.fatal({ err: error }, 'the push deliverer cannot start');
  process.exit(error instanceof UserError ? 2 : 1);
}

function tickMessage(now: Date): PulledMessage {
  const event = chainEvent({ type: 'sweep.tick', runId: `sweep-${now.toISOString()}`, finishedAt: now });
  const { data, attributes, orderingKey } = toPubSub(chainMessage(event));
  return {
    ackId: '',
    message: {
      data: data.toString('base64'),
      attributes,
      messageId: event.event_id,
      publishTime: now.toISOString(),
      ...(orderingKey ? { orderingKey } : {}),
    },
  };
}
