import type { RequestTraces } from './request-traces.ts';
import type { TracingSettings } from './settings.ts';

export { callersTraceparent } from './callers-traceparent.ts';
export type { RequestTraces } from './request-traces.ts';
export { readTracingSettings, type TracingSettings } from './settings.ts';

/** Loaded only where something is traced: the exporter takes as long to load as the rest of the server. */
export async function createTraces(settings: TracingSettings): Promise<RequestTraces> {
  const [{ RequestTraces }, { OTLPTraceExporter }] = await Promise.all([
    import('./request-traces.ts'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  return new RequestTraces(settings, new OTLPTraceExporter());
}
