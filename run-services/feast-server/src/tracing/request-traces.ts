import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { Exchange } from '../http/exchange.ts';
import { callersTraceparent } from './callers-traceparent.ts';
import type { TracingSettings } from './settings.ts';

/** Spans that wait for the exporter; more are left out, so that a collector that is gone costs no memory. */
const MAX_WAITING_SPANS = 2_048;

/** How long the last spans may take at the end of the process. */
const FLUSH_MS = 1_000;

const HEADERS = {
  get: (headers: Exchange['headers'], name: string) => headers[name],
  keys: (headers: Exchange['headers']) => Object.keys(headers),
};

/**
 * One span a request, child of the caller's by `traceparent`, named and described by HTTP's semantic conventions, without a path's query, entities or values.
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server
 *
 * Spans are begun and ended by hand: automatic instrumentation carries a context through every callback, which costs more than a small read.
 */
export class RequestTraces {
  readonly #provider: BasicTracerProvider;
  readonly #propagator = new W3CTraceContextPropagator();
  readonly #spans = new WeakMap<Exchange, { readonly span: Span; readonly context: Context }>();

  constructor({ serviceName, sampleRatio }: TracingSettings, exporter: SpanExporter) {
    this.#provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': serviceName }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
      spanProcessors: [
        new BatchSpanProcessor(exporter, { maxQueueSize: MAX_WAITING_SPANS, exportTimeoutMillis: FLUSH_MS }),
      ],
    });
  }

  /** Called when a request is let in. */
  start(exchange: Exchange): void {
    const parent = this.#propagator.extract(ROOT_CONTEXT, exchange.headers, HEADERS);
    const { method, route, startedAt } = exchange;
    const span = this.#provider.getTracer('feast-server').startSpan(
      `${method} ${route}`,
      {
        kind: SpanKind.SERVER,
        startTime: performance.timeOrigin + startedAt,
        attributes: { 'http.request.method': method, 'http.route': route },
      },
      parent,
    );
    if (span.isRecording()) this.#spans.set(exchange, { span, context: trace.setSpan(parent, span) });
  }

  /** Called when a request is over. */
  end(exchange: Exchange): void {
    const begun = this.#spans.get(exchange);
    if (begun === undefined) return;
    const { span } = begun;
    const { entities, features, errorCode } = exchange.notes;
    span.setAttribute('http.response.status_code', exchange.status);
    if (entities !== undefined) span.setAttribute('feast.entities', entities);
    if (features !== undefined) span.setAttribute('feast.features', features);
    if (errorCode !== undefined) span.setAttribute('error.type', errorCode);
    if (exchange.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }

  /** The `traceparent` for what is asked of others because of this request: this span's, or the caller's own where it is not traced here. */
  traceparent(exchange: Exchange): string | undefined {
    const begun = this.#spans.get(exchange);
    if (begun === undefined) return callersTraceparent(exchange);
    const { traceId, spanId, traceFlags } = begun.span.spanContext();
    return `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;
  }

  /** Sends what waits. Never rejects: a collector that is gone is no reason to end badly. */
  async close(): Promise<void> {
    await this.#provider.shutdown().catch(() => {});
  }
}
