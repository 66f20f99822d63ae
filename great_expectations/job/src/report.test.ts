import { describe, expect, test } from '@jest/globals';
import { loadMappings } from '@tributary/platform/contracts';
import { type GateResult, qualityRows, readResult, reports } from './report.ts';
import { objectOf, readRequest } from './request.ts';

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
      asset: name,
      expectation: 'e',
      success,
      critical: true,
      detail: {},
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

  test('end with staging where that failed', () => {
    expect(told(['staging', 'orders', false])).toEqual([['staging', 'failed', []]]);
  });

  test('let the views that passed go first, and then tell of the others', () => {
    expect(told(['features', 'a', false], ['features', 'b', true])).toEqual([
      ['staging', 'ok', []],
      ['features', 'ok', ['b']],
      ['features', 'failed', ['a']],
    ]);
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
      { status: 'failed', error: { code: 'CONFIG_INVALID' }, detail: { gate: 'staging', failing: [] } },
    ]);
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
  test('are one a check, and an attempt that is repeated inserts them once', () => {
    const [first, again] = [1, 2].map(() =>
      qualityRows(printed(['staging', 'a', true], ['staging', 'b', false]), warehouse, new Date()),
    );
    expect(first!.rows).toMatchObject([
      { asset: 'a', success: true },
      { asset: 'b', success: false, run_id: 'run-1' },
    ]);
    expect(first!.insertIds).toEqual(again!.insertIds);
    expect(new Set(first!.insertIds).size).toBe(2);
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
