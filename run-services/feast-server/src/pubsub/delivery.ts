import { setTimeout as delay } from 'node:timers/promises';
import { loadFeatures } from '@tributary/features';
import { type Bus, createBus, type Subscription } from '@tributary/platform/bus';
import { type Environment, readConfigFrom } from '@tributary/platform/config';
import type { ErasedSubjects } from '@tributary/platform/erasures';
import type { Logger } from '@tributary/platform/log';
import type { HttpServer } from '../http/server.ts';
import { Batcher } from './batcher.ts';
import type { RunningDelivery } from './delivery-kind.ts';
import { pushedViews } from './feature-view.ts';
import { FeatureIntake, type OnlineRows } from './intake.ts';
import { MAX_PUSH_BYTES, pubsubHandler } from './route.ts';

/** The consumer group whose offsets say how far the online store is. */
const GROUP = 'feature-push';

interface DeliveryPorts {
  readonly server: HttpServer;
  readonly online: OnlineRows;
  readonly erased: () => Promise<ErasedSubjects>;
  readonly log: Logger;
}

/** How long after a bus that did not answer the next attempt begins. */
const RETRY_MS = 5_000;

/**
 * Makes ready to take feature rows; with `push` that is the route, which must be there before the server listens. Nothing is acknowledged before Redis has it.
 *
 * @throws {UserError} CONFIG_INVALID
 */
export function prepareDelivery(
  delivery: 'pull' | 'push',
  environment: Environment,
  { server, online, erased, log }: DeliveryPorts,
): { start(): RunningDelivery } {
  const bus = createBus(readConfigFrom(environment, 'bus').bus);
  const intake = new FeatureIntake({ online, bus, views: pushedViews(loadFeatures()), erased, log });
  if (delivery === 'pull') return { start: () => pull(bus, intake, log) };
  const batcher = new Batcher((batch) => intake.handle(batch));
  const handler = pubsubHandler((message) => batcher.add(message));
  server.route('POST', '/pubsub/push', handler, { maxBodyBytes: MAX_PUSH_BYTES });
  return { start: () => ({ stop: async () => {}, close: () => bus.close() }) };
}

/** Subscribes, for as long as it takes: a bus that is away is no reason to serve no features. */
function pull(bus: Bus, intake: FeatureIntake, log: Logger): RunningDelivery {
  const stopping = new AbortController();
  const subscribe = async (): Promise<Subscription | undefined> => {
    while (!stopping.signal.aborted) {
      try {
        const subscription = await bus.subscribe('features', GROUP, (batch) => intake.handle(batch));
        log.info({ group: GROUP }, 'taking feature rows from the bus');
        return subscription;
      } catch (error) {
        log.error({ err: error, retryInMs: RETRY_MS }, 'no feature rows come in');
        await delay(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    return undefined;
  };
  const subscribed = subscribe();
  return {
    async stop() {
      stopping.abort();
      await (await subscribed)?.close();
    },
    close: () => bus.close(),
  };
}
