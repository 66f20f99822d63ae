import { AggregationTemporalityPreference, OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { GoogleAuth } from 'google-auth-library';
import type { MetricsConfig } from '../config/index.ts';

/** Google's OTLP endpoint; what it takes becomes metrics of Cloud Monitoring. https://docs.cloud.google.com/stackdriver/docs/otlp-metrics/overview */
const CLOUD_MONITORING = 'https://telemetry.googleapis.com/v1/metrics';
const SCOPE = 'https://www.googleapis.com/auth/monitoring.write';
/** Metrics hold up nobody's answer for longer. */
export const EXPORT_TIMEOUT_MS = 5_000;

/** The exporter of the configuration; undefined where metrics are off. */
export function createExporter(config: MetricsConfig): PushMetricExporter | undefined {
  switch (config.adapter) {
    case 'none':
      return undefined;
    case 'otlp':
      // Deltas, because what receives them sums over processes that come and go.
      return new OTLPMetricExporter({
        url: `${config.endpoint}/v1/metrics`,
        timeoutMillis: EXPORT_TIMEOUT_MS,
        temporalityPreference: AggregationTemporalityPreference.DELTA,
      });
    case 'cloud-monitoring':
      return cloudMonitoringExporter(new GoogleAuth({ scopes: SCOPE }));
  }
}

/** Exported for its test. */
export function cloudMonitoringExporter(
  auth: Pick<GoogleAuth, 'getRequestHeaders'>,
  url = CLOUD_MONITORING,
): PushMetricExporter {
  return new OTLPMetricExporter({
    url,
    timeoutMillis: EXPORT_TIMEOUT_MS,
    // Cumulative, as Cloud Monitoring keeps counters; each process is an instance of its own there.
    temporalityPreference: AggregationTemporalityPreference.CUMULATIVE,
    // Asked for at each export, for a token lives for an hour.
    headers: async () => Object.fromEntries((await auth.getRequestHeaders()).entries()),
  });
}
