import { setTimeout as delay } from 'node:timers/promises';
import { type Environment, readConfigFrom } from '@tributary/platform/config';

/** How long an endpoint that is away may hold up the end: Cloud Run kills after ten seconds. */
const LAST_EXPORT_MS = 500;

/**
 * Has this process report what the platform's registry names (docs/metrics.md), where METRICS says so. What is told of requests is at `/metrics` instead: each
 * fact in one place.
 *
 * @returns what ends it, after a last report; undefined where there is none
 * @throws {UserError} CONFIG_INVALID
 */
export async function startReporting(environment: Environment): Promise<(() => Promise<void>) | undefined> {
  const { metrics } = readConfigFrom(environment, 'metrics');
  if (metrics.adapter === 'none') return undefined;
  const { startMetrics, stopMetrics } = await import('@tributary/platform/metrics');
  startMetrics('feast-server', metrics);
  return () => Promise.race([stopMetrics(), delay(LAST_EXPORT_MS, undefined, { ref: false })]);
}
