import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '@tributary/platform/config';
import { parse } from 'yaml';
import { cost } from './command.ts';
import { DOCUMENTS, withTables } from './document.ts';
import { limits } from './limits.ts';
import { PRICE_NAMES } from './price.ts';
import { INSTANCES } from './sizing.ts';
import { US_CENTRAL1 } from './us-central1.ts';
import { workloadOf } from './workload.ts';

test.each(Object.entries(DOCUMENTS))(
  'the tables of %s are what the model says (npm run cost -- --write)',
  (name, tables) => {
    const document = readFileSync(new URL(name, ROOT), 'utf8');
    expect(withTables(document, tables)).toBe(document);
  },
);

test('a document without its marks is refused', () => {
  expect(() => withTables('# Cost', ['bill'])).toThrow(/lacks/);
});

test.each(PRICE_NAMES)('%s has a price, a unit, a page of Google and a day', (name) => {
  const { dollars, unit, source, read } = US_CENTRAL1.prices[name];
  expect(dollars).toBeGreaterThan(0);
  expect(unit).not.toBe('');
  expect(source).toMatch(/^https:\/\/cloud\.google\.com\/[a-z/-]*pricing$/);
  expect(read).toMatch(/^20\d\d-\d\d-\d\d$/);
});

describe('npm run cost', () => {
  const run = (...args: string[]): string => {
    let text = '';
    cost(args, (part) => {
      text += part;
    });
    return text;
  };

  test('prints every component, the total, what was assumed, and where each price is from', () => {
    const text = run('--events', '1000');
    for (const part of ['Cloud SQL', 'bridge', 'Memorystore', 'total', 'Assumed: 1,000 events/s', 'official copy'])
      expect(text).toContain(part);
  });

  test('takes inputs of one’s own', () => {
    const text = run('--events', '5', '--message-bytes', '2_000', '--no-database');
    expect(text).toContain('5 events/s of 2,000 bytes');
    expect(text).not.toContain('Cloud SQL');
  });

  test.each([
    [['--events', '0'], 'ARGUMENTS_INVALID'],
    [['--events', 'many'], 'ARGUMENTS_INVALID'],
    [[], 'ARGUMENTS_INVALID'],
    [['--events', '10', '--region', 'europe-west1'], 'REGION_WITHOUT_PRICES'],
  ])('refuses %j with %s', (args, code) => {
    expect(() => run(...args)).toThrow(expect.objectContaining({ code }));
  });
});

test.each([
  [10, 0],
  [1_000, 1],
  [50_000, 2],
  [200_000, 4],
])('%i events a second run into %i limits', (eventsPerSecond, count) => {
  expect(limits(workloadOf({ eventsPerSecond }))).toHaveLength(count);
});

describe('what is deployed', () => {
  const { deployables } = parse(readFileSync(new URL('terraform/deployables.yaml', ROOT), 'utf8')) as {
    deployables: Record<
      string,
      { resources: { cpu: string; memory: string; cpu_always?: boolean }; environment?: Record<string, unknown> }
    >;
  };
  const gib = (memory: string): number =>
    memory.endsWith('Mi') ? Number.parseInt(memory, 10) / 1024 : Number.parseInt(memory, 10);

  test.each(Object.entries(INSTANCES))('%s has the vCPU and memory of the model', (name, { vcpus, memoryGiB }) => {
    const { cpu, memory } = deployables[name]!.resources;
    expect({ vcpus: Number(cpu), memoryGiB: gib(memory) }).toEqual({ vcpus, memoryGiB });
  });

  test('the bridge is billed for its life, and feast-server as the model assumes', () => {
    expect(deployables['debezium-bridge']!.resources.cpu_always).toBe(true);
    const { resources, environment } = deployables['feast-server']!;
    const { serverBilling, featuresDelivery } = workloadOf({ eventsPerSecond: 1 });
    expect(resources.cpu_always === true ? 'instances' : 'requests').toBe(serverBilling);
    expect(environment?.FEATURES_DELIVERY).toBe(featuresDelivery);
  });
});
