/** What the platform measures of itself. docs/metrics.md */
export { recordChainEvent } from './chain-event.ts';
export { count, type LabelsOf, measure, set } from './record.ts';
export { METRICS, type MetricName } from './registry.ts';
export { flushMetrics, startMetrics, stopMetrics } from './start.ts';
