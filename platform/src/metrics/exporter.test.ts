import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { cloudMonitoringExporter } from './exporter.ts';
import { count } from './record.ts';
import { flushMetrics, reportTo, startMetrics, stopMetrics } from './start.ts';

let server: Server;
let posted: { url: string; headers: IncomingHttpHeaders; body: string }[];
let endpoint: string;

beforeEach(async () => {
  posted = [];
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    posted.push({ url: request.url!, headers: request.headers, body: Buffer.concat(parts).toString('utf8') });
    response.setHeader('content-type', 'application/json');
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await stopMetrics();
  await new Promise((resolve) => server.close(resolve));
});

const place = { projectId: 'tributary-test', location: 'us-central1' };
const answered = () => count('tributary.function.events', 2, { function: 'notify', outcome: 'ok', code: '' });

test('a collector gets deltas, under the name of the service and of this one process', async () => {
  startMetrics('function-notify', { adapter: 'otlp', endpoint, ...place });
  answered();
  await flushMetrics();
  answered();
  await stopMetrics();
  expect(posted.map(({ url }) => url)).toEqual(['/v1/metrics', '/v1/metrics']);
  for (const { body } of posted) {
    const [{ resource, scopeMetrics }] = JSON.parse(body).resourceMetrics;
    const [metric] = scopeMetrics[0].metrics;
    expect(metric).toMatchObject({ name: 'tributary.function.events', unit: '{event}' });
    // 1 is DELTA: each export has what was counted since the one before.
    expect(metric.sum).toMatchObject({ aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ asDouble: 2 }] });
    const attributes = Object.fromEntries(
      resource.attributes.map(({ key, value }: { key: string; value: { stringValue: string } }) => [
        key,
        value.stringValue,
      ]),
    );
    expect(attributes).toMatchObject({
      'service.namespace': 'tributary',
      'service.name': 'function-notify',
      'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'gcp.project_id': 'tributary-test',
      location: 'us-central1',
    });
  }
});

test('Cloud Monitoring gets what was counted since the process began, with a fresh token each time', async () => {
  let tokens = 0;
  const auth = {
    async getRequestHeaders() {
      tokens += 1;
      return new Headers({ authorization: `Bearer token-${tokens}` });
    },
  };
  const exporter = cloudMonitoringExporter(auth, `${endpoint}/v1/metrics`);
  const rhythm = { everyMs: 3_600_000, flushAfterMs: 0 };
  reportTo(exporter, 'bridge', { adapter: 'cloud-monitoring', ...place }, rhythm);
  for (const _ of [1, 2]) {
    answered();
    await flushMetrics();
  }
  expect(posted.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  const sums = posted.map(({ body }) => JSON.parse(body).resourceMetrics[0].scopeMetrics[0].metrics[0].sum);
  // 2 is CUMULATIVE.
  expect(sums).toMatchObject([
    { aggregationTemporality: 2, dataPoints: [{ asDouble: 2 }] },
    { aggregationTemporality: 2, dataPoints: [{ asDouble: 4 }] },
  ]);
});

test('a collector that is away costs the figures and nothing else', async () => {
  await new Promise((resolve) => server.close(resolve));
  startMetrics('function-notify', { adapter: 'otlp', endpoint, ...place });
  answered();
  await flushMetrics();
  await stopMetrics();
  await new Promise<void>((resolve) => server.listen(0, resolve));
});

test('nothing is sent where metrics are off', async () => {
  startMetrics('function-notify', { adapter: 'none', ...place });
  answered();
  await flushMetrics();
  expect(posted).toEqual([]);
});
