import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { metrics } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { type MetricsConfig, readConfig } from '../config/index.ts';
import { createExporter, EXPORT_TIMEOUT_MS } from './exporter.ts';

interface Rhythm {
  /** Between two exports of a process that lives on. */
  readonly everyMs: number;
  /** `flushMetrics` exports where the last export it made is so long ago. */
  readonly flushAfterMs: number;
}

/** Cloud Monitoring takes one point of a series in five seconds. https://cloud.google.com/monitoring/quotas#custom_metrics_quotas */
const RHYTHM: Readonly<Record<MetricsConfig['adapter'], Rhythm>> = {
  otlp: { everyMs: 2_000, flushAfterMs: 10_000 },
  'cloud-monitoring': { everyMs: 60_000, flushAfterMs: 10_000 },
  none: { everyMs: 60_000, flushAfterMs: 60_000 },
};

/** An answer waits no longer for figures; what is not out by then goes with the next export. */
const FLUSH_LIMIT_MS = 1_000;

let running: { readonly provider: MeterProvider; readonly rhythm: Rhythm; flushedAt: number } | undefined;

/**
 * Makes this process report what it records, under the name of its service. Called once, first thing; without it everything recorded is dropped.
 *
 * Nothing here ever fails the process or holds it up for more than a moment: an endpoint that is away costs the figures and nothing else.
 *
 * @param service as in the list of components: `bridge`, `function-notify`, `replay`.
 */
export function startMetrics(service: string, config: MetricsConfig = readConfig('metrics').metrics): void {
  const exporter = createExporter(config);
  if (exporter) reportTo(exporter, service, config, RHYTHM[config.adapter]);
}

/** As `startMetrics`, to that exporter. */
export function reportTo(exporter: PushMetricExporter, service: string, config: MetricsConfig, rhythm: Rhythm): void {
  const { everyMs } = rhythm;
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: everyMs,
    exportTimeoutMillis: Math.min(everyMs, EXPORT_TIMEOUT_MS),
  });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({
      'service.namespace': 'tributary',
      'service.name': service,
      // Two instances must not write the same series.
      'service.instance.id': randomUUID(),
      'gcp.project_id': config.projectId,
      location: config.location,
    }),
    readers: [reader],
  });
  metrics.disable();
  metrics.setGlobalMeterProvider(provider);
  running = { provider, rhythm, flushedAt: 0 };
}

/**
 * Exports what is recorded, if the last export was not a moment ago. A function calls it before it answers, for afterwards it has no processor to export with.
 * https://cloud.google.com/run/docs/configuring/billing-settings
 */
export async function flushMetrics(): Promise<void> {
  if (!running || Date.now() - running.flushedAt < running.rhythm.flushAfterMs) return;
  running.flushedAt = Date.now();
  const flushed = running.provider.forceFlush().catch(() => undefined);
  await Promise.race([flushed, delay(FLUSH_LIMIT_MS, undefined, { ref: false })]);
}

/** Exports what is recorded and ends the reporting: the last thing that a process does. */
export async function stopMetrics(): Promise<void> {
  const ended = running;
  running = undefined;
  metrics.disable();
  await ended?.provider.shutdown().catch(() => undefined);
}
