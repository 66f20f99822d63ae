import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Handler } from '../http/router.ts';
import { FeatureMetrics } from './feature-metrics.ts';
import { type AtWork, RequestMetrics } from './request-metrics.ts';
import { WriteMetrics } from './write-metrics.ts';

export { FeatureCounts, FeatureMetrics, ViewMetrics } from './feature-metrics.ts';
export { answerObserver } from './observe-answer.ts';
export { startReporting } from './reporting.ts';
export { RequestMetrics } from './request-metrics.ts';
export { WriteMetrics } from './write-metrics.ts';

/** Everything that `/metrics` shows. */
export interface Metrics {
  readonly requests: RequestMetrics;
  readonly features: FeatureMetrics;
  readonly writes: WriteMetrics;
  /** `GET /metrics`, in Prometheus' text format. */
  readonly handler: Handler;
}

export function createMetrics(atWork: AtWork): Metrics {
  const registry = new Registry();
  // Heap, event loop and garbage collection.
  collectDefaultMetrics({ register: registry });
  return {
    requests: new RequestMetrics(registry, atWork),
    features: new FeatureMetrics(registry),
    writes: new WriteMetrics(registry),
    handler: async () => ({
      status: 200,
      headers: { 'content-type': registry.contentType },
      body: await registry.metrics(),
    }),
  };
}
