import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { KafkaBus } from '@tributary/platform/bus';
import { jsonText, readConfig, readVariables, variable } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { chainEvent } from '@tributary/platform/events';
import { createLogger } from '@tributary/platform/log';
import { z } from 'zod';
import { Arrivals } from './arrivals.ts';
import { byFunction, routesSchema } from './routes.ts';
import { createServer } from './server.ts';
import { PARTITIONS, Trigger } from './trigger.ts';

const VARIABLES = {
  ROUTES: variable(
    jsonText(routesSchema),
    'which function is told what',
    '[{"function":"load-warehouse","url":"http://127.0.0.1:8081/","on":"object","bucket":"tributary-lake"}]',
  ),
  WEBHOOK_TOKEN: variable(z.string().min(1), 'what MinIO proves itself with', 'a long random text', { secret: true }),
  TICK_SECONDS: variable(z.coerce.number().positive().default(10), 'how often the sweep is told to look', '10'),
};

/** How long requests under way may take to end when the process is to stop. */
const CLOSE_LIMIT_MS = 5_000;

/**
 * Stands in for Eventarc, Pub/Sub's push and Cloud Scheduler.
 *
 * MinIO's notification → stored on the bus, then acknowledged → a consumer group per function → posted as the CloudEvent that Google sends → committed
 * when the function took it. Chain events go the same way from their own topic; sweep ticks are posted directly.
 */
const log = createLogger('eventarc');
try {
  const { http, bus: busConfig, project } = readConfig('http', 'bus', 'project');
  const { ROUTES, WEBHOOK_TOKEN, TICK_SECONDS } = readVariables(VARIABLES);
  if (busConfig.adapter !== 'kafka') {
    throw new UserError(
      'CONFIG_INVALID',
      'BUS is pubsub; this stand-in is for BUS=kafka, with Pub/Sub Eventarc does it',
    );
  }
  const bus = new KafkaBus(busConfig, PARTITIONS);
  await bus.ensureTopics();
  const stop = new AbortController();
  // Every request and every pause listens to it.
  setMaxListeners(0, stop.signal);
  const context = { bus, projectId: project.projectId, topicPrefix: busConfig.topicPrefix, stop: stop.signal, log };
  const triggers = new Map(byFunction(ROUTES).map((routes) => [routes.name, new Trigger(routes, context)]));

  let ready = false;
  const stats = async () => {
    const entries = [...triggers].map(async ([name, trigger]) => [name, await trigger.stats()] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  const arrivals = new Arrivals(bus);
  const server = createServer({ token: WEBHOOK_TOKEN, arrivals, isReady: () => ready, stats, log });
  // Listens first: what is told from now on is kept, and delivered when the groups have joined.
  await server.listen({ host: http.host, port: http.port });
  await Promise.all([...triggers.values()].map((trigger) => trigger.start()));
  ready = true;
  log.info({ url: server.listeningOrigin, functions: [...triggers.keys()] }, 'ready');

  const ticker = setInterval(() => {
    const now = new Date();
    const runId = `sweep-${now.toISOString()}`;
    const tick = chainEvent({ type: 'sweep.tick', runId, finishedAt: now });
    for (const trigger of triggers.values()) trigger.tick(tick);
  }, TICK_SECONDS * 1_000);

  const close = async (): Promise<void> => {
    if (stop.signal.aborted) return;
    clearInterval(ticker);
    stop.abort(new Error('the process is to stop'));
    // What does not end in time is delivered again by the next process.
    const closed = server.close().then(() => bus.close());
    await Promise.race([closed.catch(() => {}), delay(CLOSE_LIMIT_MS)]);
    process.exit(0);
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
} catch (error) {
  log.fatal({ err: error }, 'the Eventarc stand-in cannot start');
  process.exit(error instanceof UserError ? 2 : 1);
}
