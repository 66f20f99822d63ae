import { loadFeatures } from '@tributary/features';
import { createBus } from '@tributary/platform/bus';
import { readConfig, readVariables, variable } from '@tributary/platform/config';
import { loadContracts } from '@tributary/platform/contracts';
import { LiveErasures } from '@tributary/platform/erasures';
import { UserError } from '@tributary/platform/errors';
import { createLake } from '@tributary/platform/lake';
import { createLogger } from '@tributary/platform/log';
import { startMetrics, stopMetrics } from '@tributary/platform/metrics';
import { loadPiiKeys } from '@tributary/platform/pii';
import { z } from 'zod';
import { FeastClient } from './feast-client.ts';
import { pushedViews } from './feature-view.ts';
import { FeaturePush } from './push.ts';
import { createPushServer } from './server.ts';

/** The consumer group whose offsets say how far the online store is. */
const GROUP = 'feature-push';

const OWN_VARIABLES = {
  FEATURES_DELIVERY: variable(
    z.enum(['pull', 'push'], { error: 'expected pull or push' }).default('pull'),
    'whether this service takes feature rows from the bus itself, or waits for a Pub/Sub push subscription to post them to /pubsub/push',
    'pull',
  ),
};

const log = createLogger('feature-push');

async function main(): Promise<void> {
  const config = readConfig('http', 'bus', 'feast', 'metrics', 'lake', 'pii');
  startMetrics('feature-push', config.metrics);
  const { FEATURES_DELIVERY: delivery } = readVariables(OWN_VARIABLES);
  const views = pushedViews(loadFeatures());
  const bus = createBus(config.bus);
  const contracts = loadContracts();
  const erasures = new LiveErasures({
    lake: createLake(config.lake),
    bucket: config.lake.lakeBucket,
    keys: loadPiiKeys(config.pii.keysFile),
    log,
  });
  const erased = () => erasures.fresh(contracts);
  const push = new FeaturePush({ feast: new FeastClient(config.feast.serverUrl, log), bus, views, erased, log });
  const server = createPushServer({ push, log });
  const { host, port } = config.http;
  const address = await server.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE'
      ? new UserError('PORT_TAKEN', `Port ${port} of ${host} is taken; set PORT to a free one.`)
      : error;
  });
  const subscription =
    delivery === 'pull' ? await bus.subscribe('features', GROUP, (batch) => push.handle(batch)) : undefined;
  log.info({ address, delivery, views: [...views.keys()] }, 'pushing features online');

  let closing: Promise<void> | undefined;
  const close = (): void => {
    closing ??= (async () => {
      // The batch at work is finished or left to the next subscriber; nothing is acknowledged before it is online.
      await subscription?.close();
      await server.close();
      await bus.close();
      await stopMetrics();
      log.info('feature push closed');
    })();
    closing.catch(fail);
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
}

function fail(error: unknown): void {
  log.fatal({ err: error }, error instanceof UserError ? error.message : 'the feature push ended');
  // Whatever still listens or waits must not keep a broken process alive.
  process.exit(1);
}

main().catch(fail);
