import { describe, expect, test } from '@jest/globals';
import { loadMappings } from '@tributary/platform/contracts';
import { endOf, failingStreams, incidentsOf } from './incidents.ts';
import { qualityRows, reports } from './report.ts';
import { objectOf, readRequest } from './request.ts';
import { type GateResult, readResult } from './result.ts';

const WHO = ['--manifest', 'validate-1', '--attempt', '2', '--run-id', 'run-1', '--cause', 'event-1'];
const MAPPINGS = loadMappings();
const warehouse = readRequest(
  ['--gate', 'warehouse', '--streams', 'orders,order_lines', '--views', 'a,b', ...WHO],
  MAPPINGS,
);

type Asset = [gate: 'staging' | 'features', name: string, passed: boolean];

/** What validate.py prints where each asset has one check. */
function printed(...assets: Asset[]): GateResult {
  return readResult({
    assets: assets.map(([gate, name, passed]) => ({ gate, name, passed })),
    checks: assets.map(([gate, name, success]) => ({
      gate,
      asset: gate === 'staging' ? `staging.${name}` : `marts.${name}`,
      expectation: 'e',
      success,
      critical: true,
      detail: success ? {} : { unexpected_count: 1, samples: [{ _event_id: `row of ${name}` }] },
    })),
  });
}

const told = (...assets: Asset[]) =>
  reports(printed(...assets), warehouse, new Date()).map(({ status, detail, views }) => [detail.gate, status, views]);

describe('the reports of a warehouse run', () => {
  test('say that both gates passed, and which views', () => {
    const all: Asset[] = [
      ['staging', 'orders', true],
      ['features', 'a', true],
      ['features', 'b', true],
    ];
    expect(told(...all)).toEqual([
      ['staging', 'ok', []],
      ['features', 'ok', ['a', 'b']],
    ]);
  });

  test('tell of a stream that failed, and let the views that are not made from it go on', () => {
    expect(told(['staging', 'orders', false], ['features', 'b', true])).toEqual([
      ['staging', 'failed', []],
      ['features', 'ok', ['b']],
    ]);
  });

  test('tell of views that failed, and end with those that passed', () => {
    expect(told(['features', 'a', false], ['features', 'b', true])).toEqual([
      ['staging', 'ok', []],
      ['features', 'failed', ['a']],
      ['features', 'ok', ['b']],
    ]);
  });

  test('say which one ends the run', () => {
    const events = reports(printed(['staging', 'orders', false], ['features', 'a', false]), warehouse, new Date());
    expect(events.map(({ detail }) => detail.last ?? false)).toEqual([false, false, true]);
  });

  test('say ok of features where there was nothing to look at, so that the run ends', () => {
    expect(told(['staging', 'orders', true])).toEqual([
      ['staging', 'ok', []],
      ['features', 'ok', []],
    ]);
  });

  test('have the same ids when told again, and the manifest and attempt that they end', () => {
    const ids = () => reports(printed(['features', 'a', true]), warehouse, new Date()).map(({ event_id }) => event_id);
    expect(ids()).toEqual(ids());
    expect(new Set(ids()).size).toBe(2);
    expect(reports(printed(), warehouse, new Date())[0]!.detail).toMatchObject({ manifest: 'validate-1', attempt: 2 });
  });

  test('tell of a gate that could not be run at all', () => {
    const result = readResult({ error: { code: 'CONFIG_INVALID', message: 'PROJECT_ID is missing' } });
    expect(reports(result, warehouse, new Date())).toMatchObject([
      {
        status: 'failed',
        error: { code: 'CONFIG_INVALID' },
        detail: { gate: 'staging', failing: [], last: true, incident: 'gate:warehouse', verdict: true },
      },
    ]);
  });
});

describe('the incidents of a warehouse run', () => {
  const DEPENDENCIES = { a: ['orders'], b: ['order_lines'], c: ['orders', 'order_lines'] };
  const DECLARED = new Set(['orders', 'order_lines']);
  const open = (incident: string) => ({ incident, since: '', streams: [], views: [] });

  test('are one for each asset that failed, with what it does not meet, rows that show it, and all the views it keeps back', () => {
    const found = incidentsOf(
      printed(['staging', 'orders', false], ['features', 'b', false], ['features', 'x', true]),
      warehouse,
      DEPENDENCIES,
    );
    expect(found).toMatchObject([
      {
        name: 'gate:staging:staging.orders',
        code: 'GATE_FAILED',
        streams: ['orders'],
        views: ['a', 'c'],
        detail: {
          failing: [{ expectation: 'e', detail: { unexpected_count: 1 } }],
          samples: [{ expectation: 'e', row: { _event_id: 'row of orders' } }],
        },
      },
      { name: 'gate:features:marts.b', views: ['b'] },
    ]);
  });

  test('show five rows at most', () => {
    const many = printed(['staging', 'orders', false]);
    const samples = Array.from({ length: 5 }, (_, row) => ({ row }));
    const [check] = many.checks;
    const checks = ['e', 'f', 'g'].map((expectation) => ({ ...check!, expectation, detail: { samples } }));
    expect(incidentsOf({ ...many, checks }, warehouse, {})[0]!.detail!.samples).toHaveLength(5);
  });

  test('keep back every view where dbt said nothing of dependencies', () => {
    expect(incidentsOf(printed(['staging', 'orders', false]), warehouse, {})[0]!.views).toEqual(['a', 'b']);
  });

  test('end when their asset passes, and not with a run that did not look at it, unless nobody declares it any more', () => {
    const result = printed(['staging', 'orders', true], ['features', 'a', true], ['features', 'b', false]);
    expect(endOf(open('gate:staging:staging.orders'), result, warehouse, DECLARED)).toEqual({ rebuild: true });
    expect(endOf(open('gate:features:marts.a'), result, warehouse, DECLARED)).toEqual({});
    expect(endOf(open('gate:features:marts.b'), result, warehouse, DECLARED)).toBeUndefined();
    expect(endOf(open('gate:staging:staging.order_lines'), result, warehouse, DECLARED)).toBeUndefined();
    expect(endOf(open('gate:warehouse'), result, warehouse, DECLARED)).toEqual({});
    expect(endOf(open('gate:staging:staging.left'), result, warehouse, DECLARED)).toEqual({});
  });

  test('name the streams that the next run looks at too', () => {
    expect(
      failingStreams([open('gate:warehouse'), open('gate:features:marts.a'), open('gate:staging:staging.orders')]),
    ).toEqual(['orders']);
  });

  test('say so where the gates could not look, keep back what was not looked at, and nothing ends then', () => {
    const result = readResult({ error: { code: 'CONFIG_INVALID', message: 'PROJECT_ID is missing' } });
    expect(incidentsOf(result, warehouse, {})).toMatchObject([
      { name: 'gate:warehouse', code: 'CONFIG_INVALID', views: ['a', 'b'] },
    ]);
    expect(endOf(open('gate:features:marts.a'), result, warehouse, DECLARED)).toBeUndefined();
  });
});

describe('a warehouse that is away', () => {
  test('is no verdict: nothing is reported, so that the run is started again', () => {
    expect(() => readResult({ error: { code: 'UNAVAILABLE', message: 'away' } })).toThrow(
      expect.objectContaining({ code: 'GATE_UNAVAILABLE', class: 'transient' }),
    );
  });
});

describe('rows of ops.quality_results', () => {
  test('are one a check, and an attempt that is repeated has the same ids', () => {
    const [first, again] = [1, 2].map(() =>
      qualityRows(printed(['staging', 'a', true], ['staging', 'b', false]), warehouse),
    );
    expect(first).toMatchObject([
      { asset: 'staging.a', success: true },
      { asset: 'staging.b', success: false, run_id: 'run-1' },
    ]);
    expect(first!.map(({ result_id }) => result_id)).toEqual(again!.map(({ result_id }) => result_id));
    expect(new Set(first!.map(({ result_id }) => result_id)).size).toBe(2);
  });
});

describe('the arguments', () => {
  test('of a landing run name the stream and the object, whatever characters its name has', () => {
    const object = 'bucket/landing/orders/a b#1/ü.csv#1795243';
    const request = readRequest(['--gate', 'landing', '--object', object, '--dataset', 'orders', ...WHO], MAPPINGS);
    expect(request).toMatchObject({ gate: 'landing', streams: ['orders'], object });
    expect(objectOf(object)).toEqual({ bucket: 'bucket', name: 'landing/orders/a b#1/ü.csv', generation: '1795243' });
  });

  test('of a landing run for a mapped dataset name its stream beside it', () => {
    const argv = ['--gate', 'landing', '--object', 'b/o#1', '--dataset', 'online_retail', ...WHO];
    expect(readRequest(argv, MAPPINGS)).toMatchObject({ dataset: 'online_retail', streams: ['order_lines'] });
  });

  test.each([
    ['an unknown gate', ['--gate', 'other', ...WHO]],
    ['a landing run without its object', ['--gate', 'landing', '--dataset', 'orders', ...WHO]],
    ['an attempt that is no number', ['--gate', 'warehouse', ...WHO, '--attempt', 'x']],
    ['an argument nobody knows', ['--gate', 'warehouse', ...WHO, '--more', 'x']],
  ])('refuse %s with the usage', (_case, argv) => {
    expect(() => readRequest(argv, MAPPINGS)).toThrow(/Usage: /);
  });
});
