import { createBus } from '@tributary/platform/bus';
import { readConfig } from '@tributary/platform/config';
import type { Contracts } from '@tributary/platform/contracts';
import { LiveErasures } from '@tributary/platform/erasures';
import { UserError } from '@tributary/platform/errors';
import { createLake } from '@tributary/platform/lake';
import { type LiveContracts, openContracts } from '@tributary/platform/live-contracts';
import { createLogger } from '@tributary/platform/log';
import { startMetrics, stopMetrics } from '@tributary/platform/metrics';
import { loadPiiKeys, type PiiKeys } from '@tributary/platform/pii';
import { BatchPublisher } from './publisher.ts';
import { createBridgeServer } from './server.ts';
import { Translator } from './translate.ts';

const log = createLogger('bridge');

async function main(): Promise<void> {
  const config = readConfig('http', 'bus', 'pii', 'lake', 'metrics');
  startMetrics('bridge', config.metrics);
  const keys = loadPiiKeys(config.pii.keysFile);
  const contracts = await openContracts(log);
  const bus = createBus(config.bus);
  const erasures = new LiveErasures({ lake: createLake(config.lake), bucket: config.lake.lakeBucket, keys, log });
  const erased = () => erasures.fresh(contracts.current);
  const publisher = new BatchPublisher({ translator: translatorOf(contracts, keys), keys, erased, bus, log });
  const server = createBridgeServer({ publisher, log });
  const { host, port } = config.http;
  const address = await server.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE'
      ? new UserError('PORT_TAKEN', `Port ${port} of ${host} is taken; set PORT to a free one.`)
      : error;
  });
  log.info({ url: address, streams: [...contracts.current.keys()] }, 'bridge listens');

  let closing: Promise<void> | undefined;
  const close = (): void => {
    // Batches under way are finished and answered; then what they published is on the bus.
    closing ??= server
      .close()
      .then(() => bus.close())
      .then(() => stopMetrics())
      .then(() => log.info('bridge closed'));
    closing.catch((error: unknown) => fail(error));
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
}

/** One translator for as long as the contracts stay. */
function translatorOf(contracts: LiveContracts, keys: PiiKeys): () => Promise<Translator> {
  let made: { readonly of: Contracts; readonly translator: Translator } | undefined;
  return async () => {
    const current = await contracts.fresh();
    if (made?.of !== current) made = { of: current, translator: new Translator(current, keys) };
    return made.translator;
  };
}

function fail(error: unknown): void {
  log.fatal({ err: error }, error instanceof UserError ? error.message : 'the bridge ended');
  // Whatever still listens or waits must not keep a broken process alive.
  process.exit(1);
}

main().catch(fail);
