import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { createLogger } from '@tributary/platform/log';
import { startMetrics, stopMetrics } from '@tributary/platform/metrics';
import { LagReporter } from './lag.ts';
import { metricsServer } from './server.ts';

/** Stands in for the OpenTelemetry collector, and for the figures that Google's bus gives of itself. */
const LAG_EVERY_MS = 5_000;

const log = createLogger('metrics');
try {
  const { http, bus, metrics } = readConfig('http', 'bus', 'metrics');
  const server = metricsServer();
  await server.listen({ host: http.host, port: http.port });
  startMetrics('metrics', metrics);
  // Pub/Sub tells its own backlog, and of that there is none here.
  const lag = bus.adapter === 'kafka' ? new LagReporter(bus.brokers, bus.topicPrefix) : undefined;
  log.info({ url: server.listeningOrigin }, 'ready');

  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  while (!stop.signal.aborted) {
    try {
      await lag?.report();
    } catch (error) {
      log.debug({ err: error }, 'the bus does not say how far its readers are');
    }
    await sleep(LAG_EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
  await lag?.close().catch(() => undefined);
  await stopMetrics();
  await server.close();
} catch (error) {
  log.fatal({ err: error }, 'the metrics collector cannot start');
  process.exit(error instanceof UserError ? 2 : 1);
}
