import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createBus } from '@tributary/platform/bus';
import { readConfig } from '@tributary/platform/config';
import { type ChainEventInput, chainEvent, chainMessage } from '@tributary/platform/events';

/**
 * Stands in for dbt, Great Expectations and Feast where only the chain around them is under test: takes their arguments, runs for a moment, and reports as
 * they do. A fifth of first attempts fail, half of them without a word.
 */
const NAMES = ['manifest', 'attempt', 'run-id', 'cause', 'traceparent', 'streams', 'views'] as const;
// The jobs have more arguments than these; they are for those who do the work.
const { values } = parseArgs({
  strict: false,
  options: Object.fromEntries(NAMES.map((name) => [name, { type: 'string' as const }])),
});
const of = (name: (typeof NAMES)[number]): string => String(values[name] ?? '');
const list = (name: 'streams'): string[] => of(name).split(',').filter(Boolean);
const [manifest, attempt, runId] = [of('manifest'), Number(of('attempt')), of('run-id')];

/** 0 to 255, the same for the same attempt. */
const lot = createHash('sha256').update(`${manifest}#${attempt}`).digest()[0]!;
await delay(200 + 3 * lot);
if (attempt === 1 && lot < 25) process.exit(137);

const failed = attempt === 1 && lot < 50;
const bus = createBus(readConfig('bus').bus);
const base = {
  runId,
  cause: of('cause'),
  traceparent: of('traceparent'),
  streams: list('streams'),
  detail: { manifest, attempt },
  error: failed ? { code: 'QUICK_JOB_FAILED', message: 'a service restarted' } : null,
};
const VIEWS = ['customer_features'];
const reports: Readonly<Record<string, readonly ChainEventInput[]>> = {
  dbt: [{ ...base, type: 'transform.finished', views: VIEWS }],
  'great-expectations': (failed ? ['staging'] : ['staging', 'features']).map((gate) => ({
    ...{ ...base, type: 'quality.checked' as const, views: VIEWS },
    // What is told of last ends the run.
    detail: { ...base.detail, gate, failing: [], last: failed || gate === 'features' },
  })),
  feast: [{ ...base, type: 'features.materialized', views: VIEWS }],
};
const events = reports[process.env.CLOUD_RUN_JOB ?? ''] ?? [];
await bus.publish(
  'chain',
  events.map((event) => chainMessage(chainEvent(event))),
);
await bus.close();
