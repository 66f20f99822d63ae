import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { Exchange } from '../http/exchange.ts';
import { Histogram } from './histogram.ts';
import { createMetrics } from './index.ts';

function ended(route: string, status: number, notes: Exchange['notes'] = {}): Exchange {
  const exchange = new Exchange({ method: 'POST', url: route, headers: {} } as IncomingMessage);
  exchange.route = route;
  exchange.status = status;
  Object.assign(exchange.notes, notes);
  return exchange;
}

const text = async (metrics: ReturnType<typeof createMetrics>) =>
  String((await metrics.handler(ended('/metrics', 200))).body);

test('a histogram counts a value in each bucket from its own up, with sum and count', async () => {
  const registry = new Registry();
  const histogram = new Histogram({ name: 'h', help: 'help', bounds: [1, 2], registry });
  for (const value of [0.5, 1, 1.5, 3]) histogram.series({ a: 'x' }).observe(value);
  expect(await registry.metrics()).toBe(
    [
      '# HELP h help',
      '# TYPE h histogram',
      'h_bucket{a="x",le="1"} 2',
      'h_bucket{a="x",le="2"} 3',
      'h_bucket{a="x",le="+Inf"} 4',
      'h_sum{a="x"} 6',
      'h_count{a="x"} 4',
      '',
    ].join('\n'),
  );
});

test('requests are counted by endpoint and status, and refusals by code', async () => {
  const metrics = createMetrics({ requests: 3, bytes: 40 });
  metrics.requests.record(ended('/get-online-features', 200, { entities: 7 }));
  metrics.requests.record(ended('/get-online-features', 200, { entities: 1 }));
  metrics.requests.record(ended('/get-online-features', 503, { errorCode: 'OVERLOADED' }));
  const first = await text(metrics);
  expect(first).toContain(
    'feast_feature_server_request_total{endpoint="/get-online-features",status="success",code="200"} 2',
  );
  expect(first).toContain('feast_feature_server_errors_total{endpoint="/get-online-features",error="OVERLOADED"} 1');
  expect(first).toContain(
    'feast_feature_server_request_latency_seconds_count{endpoint="/get-online-features",code="200"} 2',
  );
  expect(first).toContain('feast_online_features_entity_count_sum 8');
  expect(first).toContain('feast_feature_server_requests_at_work 3');
  expect(first).toContain('feast_feature_server_bytes_at_work 40');
  // A scrape reads; it does not count.
  expect((await text(metrics)).match(/request_total\{.*/g)).toEqual(first.match(/request_total\{.*/g));
});

test('values are counted by feature and status, ages of rows by view', async () => {
  const metrics = createMetrics({ requests: 0, bytes: 0 });
  const view = metrics.features.view('stats');
  const counts = view.feature('orders');
  counts.present += 3;
  counts.nulls += 1;
  counts.missing += 2;
  view.staleness.observe(100);
  expect(metrics.features.view('stats').feature('orders')).toBe(counts);
  const shown = await text(metrics);
  const value = (status: string) =>
    shown.match(new RegExp(`values_total\\{feature_view="stats",feature="orders",status="${status}"\\} (\\d+)`))?.[1];
  expect(['present', 'null', 'not_found', 'outside_max_age'].map(value)).toEqual(['3', '1', '2', '0']);
  expect(shown).toContain('feast_online_features_age_seconds_bucket{feature_view="stats",le="60"} 0');
  expect(shown).toContain('feast_online_features_age_seconds_bucket{feature_view="stats",le="300"} 1');
});
