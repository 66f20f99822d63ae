import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { Exchange } from '../http/exchange.ts';
import { createTraces, readTracingSettings } from './index.ts';
import { RequestTraces } from './request-traces.ts';

const TRACE = 'a'.repeat(32);
const PARENT = 'b'.repeat(16);

let open: RequestTraces[] = [];
afterEach(async () => {
  await Promise.all(open.map((traces) => traces.close()));
  open = [];
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
});

function traced(sampleRatio: number) {
  // Its own shutdown would forget what it took.
  const exporter = new (class extends InMemorySpanExporter {
    override async shutdown() {}
  })();
  const traces = new RequestTraces({ serviceName: 'test', sampleRatio }, exporter);
  open.push(traces);
  return { exporter, traces };
}

function exchange(headers: Record<string, string>): Exchange {
  const request = { method: 'POST', url: '/push?planted=1', headers } as unknown as IncomingMessage;
  const made = new Exchange(request);
  made.route = '/push';
  return made;
}

test("a request's span is the child of its caller's, and is where its own calls hang", async () => {
  const { traces, exporter } = traced(0);
  const request = exchange({ traceparent: `00-${TRACE}-${PARENT}-01` });
  traces.start(request);
  const onward = traces.traceparent(request)!;
  request.status = 503;
  request.notes.errorCode = 'OVERLOADED';
  traces.end(request);
  await traces.close();
  const [span] = exporter.getFinishedSpans();
  expect(span!.spanContext().traceId).toBe(TRACE);
  expect(span!.parentSpanContext?.spanId).toBe(PARENT);
  expect(onward).toBe(`00-${TRACE}-${span!.spanContext().spanId}-01`);
  expect(span!.name).toBe('POST /push');
  expect(span!.status.code).toBe(2);
  expect(span!.attributes).toEqual({
    'http.request.method': 'POST',
    'http.route': '/push',
    'http.response.status_code': 503,
    'error.type': 'OVERLOADED',
  });
});

test('a caller that does not trace is followed in that, and its traceparent is passed on', async () => {
  const { traces, exporter } = traced(1);
  const traceparent = `00-${TRACE}-${PARENT}-00`;
  const request = exchange({ traceparent });
  traces.start(request);
  traces.end(request);
  expect(traces.traceparent(request)).toBe(traceparent);
  await traces.close();
  expect(exporter.getFinishedSpans()).toEqual([]);
});

test('of requests without a traceparent the share configured is traced', async () => {
  const { traces, exporter } = traced(1);
  const request = exchange({ traceparent: 'nonsense' });
  traces.start(request);
  traces.end(request);
  await traces.close();
  expect(exporter.getFinishedSpans()).toHaveLength(1);
  const none = traced(0);
  none.traces.start(request);
  none.traces.end(request);
  await none.traces.close();
  expect(none.exporter.getFinishedSpans()).toEqual([]);
});

test('traces are off unless configured, and go to the collector where they are on', async () => {
  expect(readTracingSettings({})).toBeUndefined();
  const received: string[] = [];
  const collector = createServer(async (request, response) => {
    received.push(`${request.url} ${await text(request)}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const settings = readTracingSettings({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_TRACES_SAMPLER_ARG: '1' })!;
  const traces = await createTraces(settings);
  const request = exchange({});
  traces.start(request);
  traces.end(request);
  await traces.close();
  collector.closeAllConnections();
  collector.close();
  await once(collector, 'close');
  expect(received).toHaveLength(1);
  expect(received[0]).toMatch(/^\/v1\/traces .*"feast-server".*POST \/push/s);
});
