import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { billedMessageBytes, bridge, bus, database } from './capture.ts';
import { estimate } from './estimate.ts';
import { COMPONENTS, type Line } from './line.ts';
import { dataflow, filesPerMonth, loadsPerMonth, storage } from './pipeline.ts';
import { featureServer, onlineStore } from './serving.ts';
import { US_CENTRAL1 } from './us-central1.ts';
import { warehouse } from './warehouse.ts';
import { type Workload, workloadOf } from './workload.ts';

const at = (eventsPerSecond: number, said: Partial<Workload> = {}): Workload =>
  workloadOf({ eventsPerSecond, ...said });
const costs = (lines: readonly Line[]): number[] => lines.map(({ dollars }) => Number(dollars.toFixed(2)));

/** A month has 730 hours, 2,628,000 seconds, 30.4167 days. */
describe('by hand', () => {
  test('a bridge: one vCPU and one GiB for 2,628,000 s', () => {
    expect(costs(bridge(at(1_000), US_CENTRAL1))).toEqual([47.3, 5.26]);
  });

  test('a second bridge above 10,000 events a second', () => {
    expect(costs(bridge(at(10_000), US_CENTRAL1))).toEqual([47.3, 5.26]);
    expect(costs(bridge(at(10_001), US_CENTRAL1))).toEqual([94.61, 10.51]);
  });

  test.each([
    // A request has one message below 20 a second: 1,000 bytes at least.
    [100, 10, 1_000],
    [900, 10, 1_000],
    [1_200, 10, 1_200],
    // Five messages share the 1,000 bytes.
    [100, 100, 200],
    // Fifty messages of 900 bytes are beyond it.
    [900, 1_000, 900],
  ])('Pub/Sub bills a message of %i bytes, %i of them a second, as %i', (bytes, perSecond, billed) => {
    expect(billedMessageBytes(bytes, perSecond)).toBe(billed);
  });

  test('Pub/Sub: 2 × 1,000 × 2,628,000 s × 900 bytes are 4.3023 TiB, of which 10 GiB are free', () => {
    const [changes, features] = bus(at(1_000), US_CENTRAL1);
    expect(changes!.quantity).toBeCloseTo(4.3023 - 10 / 1024, 3);
    expect(changes!.dollars).toBeCloseTo(171.7, 1);
    // 660 rows of 650 bytes, each pushed by itself as 1,000: 660 × 2,628,000 × 1,650 / 2^40 = 2.6028 TiB.
    expect(features!.dollars).toBeCloseTo(104.11, 1);
  });

  test('Pub/Sub: rows that are pulled travel together: 2 × 660 × 2,628,000 × 650 bytes', () => {
    const [, features] = bus(at(1_000, { featuresDelivery: 'pull' }), US_CENTRAL1);
    expect(features!.dollars).toBeCloseTo(82.03, 1);
  });

  test('Dataflow at 50,000 events a second: seven workers of two vCPU', () => {
    const [vcpu, memory] = costs(dataflow(at(50_000), US_CENTRAL1));
    expect(vcpu).toBe(705.18); // 7 × 2 × 730 × 0.069
    expect(memory).toBe(145.41); // 7 × 8 × 730 × 0.003557
  });

  test('files: one for each stream and flush, and no more than there are events', () => {
    expect(filesPerMonth(at(1_000), 100)).toBe(219_000); // 43,800 flushes × 5 streams × 1 worker
    expect(filesPerMonth(at(0.05), 100)).toBe(131_400); // three events a flush
    // 60 s of 50,000 events of 1 MB are more than 35 files of 64 MiB.
    expect(filesPerMonth(at(50_000), 1e6)).toBeCloseTo((43_800 * 3e12) / 2 ** 26, 0);
  });

  test('loads: never more than the budget of a table', () => {
    expect(loadsPerMonth(at(1_000))).toBeCloseTo(5 * 1_000 * (730 / 24), 6);
    expect(loadsPerMonth(at(1_000, { flushSeconds: 600 }))).toBe(5 * 4_380);
  });

  test('Cloud Storage: class A operations of files, arrivals, loads and sweeps', () => {
    // 438,000 files, 219,000 arrivals, 152,083 loads × 7, 8,760 sweeps × (12 + 50 lists)
    const [raw, processed, writes, reads] = storage(at(1_000), US_CENTRAL1);
    expect(writes!.quantity).toBeCloseTo(2.264703, 5);
    expect(writes!.dollars).toBeCloseTo(11.32, 2);
    expect(reads!.quantity).toBeCloseTo(0.438, 6);
    // 1,000 × 86,400 × 30 × 300 bytes are 724.24 GiB.
    expect(raw!.dollars).toBeCloseTo(14.48, 2);
    expect(processed!.dollars).toBeCloseTo(4.83, 2);
  });

  test('BigQuery: the budget bounds what queries cost; load jobs cost nothing', () => {
    const [, queries, loads] = warehouse(at(1_000), US_CENTRAL1);
    expect(queries!.dollars).toBeCloseTo((730 / 24 - 1) * 6.25, 6); // 1 TiB a day, the first of the month free
    expect(loads!.dollars).toBe(0);
  });

  test('Memorystore: 1,000,000 × 1,500 bytes in four fifths of 2 GiB', () => {
    expect(costs(onlineStore(at(1_000), US_CENTRAL1))).toEqual([93.44]); // 2 × 730 × 0.064
  });

  test('Memorystore: 36 GiB cost less than 35', () => {
    const [line] = onlineStore(at(1_000, { entities: 35 * 0.8 * 2 ** 30, onlineBytesPerEntity: 1 }), US_CENTRAL1);
    expect(line!.what).toBe('36 GiB with a replica');
    expect(line!.dollars).toBeCloseTo(36 * 730 * 0.038, 6);
  });

  const reading = { featuresDelivery: 'pull', serverBilling: 'instances' } as const;
  test('feast-server: one instance up to 1,500 requests a second, then another', () => {
    expect(costs(featureServer(at(1, { ...reading, readsPerSecond: 1_500 }), US_CENTRAL1))).toEqual([47.3, 2.63]);
    expect(costs(featureServer(at(1, { ...reading, readsPerSecond: 1_501 }), US_CENTRAL1))).toEqual([94.61, 5.26]);
  });

  test('feast-server, billed by request: each pushed row is one, 660 + 100 a second', () => {
    const [, , requests] = featureServer(at(1_000, { serverBilling: 'requests' }), US_CENTRAL1);
    expect(requests!.dollars).toBeCloseTo(760 * 2.628 * 0.4, 6);
  });

  test('a database that is there already costs nothing', () => {
    expect(database(at(1_000, { withDatabase: false }), US_CENTRAL1)).toEqual([]);
  });
});

const rates = fc.double({ min: 0.01, max: 200_000, noNaN: true });
const unbounded = { dailyBytesBudget: 2 ** 70 };

describe('for any rate', () => {
  test('no line is negative and the total is the sum of its lines', () => {
    fc.assert(
      fc.property(rates, (rate) => {
        const { lines, total, byComponent } = estimate(at(rate), US_CENTRAL1);
        expect(lines.every(({ dollars }) => dollars >= 0 && Number.isFinite(dollars))).toBe(true);
        expect(total).toBeCloseTo(
          lines.reduce((sum, { dollars }) => sum + dollars, 0),
          4,
        );
        expect(Object.keys(byComponent)).toEqual([...COMPONENTS]);
      }),
    );
  });

  test('more events never cost less, where the budget of BigQuery does not cut off runs', () => {
    fc.assert(
      fc.property(rates, rates, (a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map((rate) => estimate(at(rate, unbounded), US_CENTRAL1));
        for (const component of COMPONENTS)
          expect(more!.byComponent[component]).toBeGreaterThanOrEqual(less!.byComponent[component] - 1e-6);
      }),
    );
  });

  test('with the budget, only what runs of the chain cost may fall as events grow', () => {
    fc.assert(
      fc.property(rates, rates, (a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map((rate) => estimate(at(rate), US_CENTRAL1));
        for (const component of COMPONENTS.filter(
          (name) => !['functions', 'Cloud Run jobs', 'Logging and Monitoring'].includes(name),
        ))
          expect(more!.byComponent[component]).toBeGreaterThanOrEqual(less!.byComponent[component] - 1e-6);
      }),
    );
  });

  test('leaving the database out takes off what it costs, and nothing else', () => {
    fc.assert(
      fc.property(rates, (rate) => {
        const whole = estimate(at(rate), US_CENTRAL1);
        const without = estimate(at(rate, { withDatabase: false }), US_CENTRAL1);
        expect(whole.total - without.total).toBeCloseTo(whole.byComponent['Cloud SQL'], 4);
      }),
    );
  });

  test('twice the history costs more in the lake and the warehouse alone', () => {
    fc.assert(
      fc.property(rates, (rate) => {
        const once = estimate(at(rate, unbounded), US_CENTRAL1);
        const twice = estimate(at(rate, { ...unbounded, historyDays: 60 }), US_CENTRAL1);
        const changed = COMPONENTS.filter((name) => Math.abs(once.byComponent[name] - twice.byComponent[name]) > 1e-6);
        expect(['BigQuery', 'Cloud Storage']).toEqual(expect.arrayContaining(changed));
      }),
    );
  });
});
