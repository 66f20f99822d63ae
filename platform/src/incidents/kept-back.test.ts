import { expect, test } from '@jest/globals';
import { MemoryLake } from '../group-commit/testing/index.ts';
import { type Incident, Incidents, viewsKeptBack } from './index.ts';

const wrong = (name: string, ...views: string[]): Incident => ({
  ...{ name, code: 'WRONG', message: 'why', runbook: 'quality-gate-failed' },
  views,
});
const nobody = async (): Promise<void> => undefined;

test('views are kept back by what is open of the owners asked for, until it is over', async () => {
  const lake = new MemoryLake();
  const [gates, dbt, other] = ['validate', 'transform', 'materialize'].map(
    (owner) => new Incidents(lake, 'lake', owner),
  );
  const run = { runId: 'run-1' };
  await gates!.settle([wrong('gate:b', 'a', 'b'), wrong('gate:warehouse')], () => ({}), run, nobody);
  await dbt!.settle([wrong('dbt:b', 'b')], () => ({}), run, nobody);
  await other!.settle([wrong('materialize:c', 'c')], () => ({}), run, nobody);
  const kept = () => viewsKeptBack(lake, 'lake', ['validate', 'transform']);
  expect(await kept()).toEqual({ a: ['gate:b'], b: ['dbt:b', 'gate:b'] });
  await gates!.settle([], () => ({}), run, nobody);
  expect(await kept()).toEqual({ b: ['dbt:b'] });
});
