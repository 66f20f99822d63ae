import { join } from 'node:path';
import { cloudRunJobs, eventarc } from '../components/event-chain.ts';
import type { Component, Machine } from '../supervisor/component.ts';
import { startComponents, type TestStack } from '../testing.ts';

const STAGES = ['transform', 'validate', 'materialize'] as const;
const CHAIN = ['warehouse.loaded', 'transform.finished', 'quality.checked', 'features.materialized'];
const TICK_SECONDS = 5;

/** The event chain from the lake's objects to materialization, with chain events told twice and quick jobs. */
export function startChain(): Promise<TestStack> {
  const functions = ['load-warehouse', ...STAGES].map((name) => `function-${name}`);
  return startComponents(['kafka', 'minio', 'bigquery', 'cloud-run-jobs', ...functions, 'eventarc'], {
    needs: false,
    instead: [
      withEnv(eventarc, (machine) => ({ ROUTES: JSON.stringify(routes(machine)), TICK_SECONDS: String(TICK_SECONDS) })),
      withEnv(cloudRunJobs, (machine) => ({ JOBS: JSON.stringify(quickJobs(machine)) })),
    ],
  });
}

function withEnv(component: Component, env: (machine: Machine) => Record<string, string>): Component {
  return {
    ...component,
    start(machine) {
      const spec = component.start(machine);
      return { ...spec, env: { ...spec.env, ...env(machine) } };
    },
  };
}

/** To Eventarc each of the two is a trigger of its own, with its own place in the events and its own repetitions. */
function routes(machine: Machine): object[] {
  const url = (name: string) => `http://127.0.0.1:${machine.port(`function-${name}`)}/`;
  const bucket = machine.env().LAKE_BUCKET;
  const objects = {
    function: 'load-warehouse',
    url: url('load-warehouse'),
    on: 'object',
    bucket,
    prefix: 'processed/',
  };
  const chain = STAGES.flatMap((name) =>
    [1, 2].map((telling) => ({ function: `${name}-${telling}`, url: url(name), on: 'chain', types: CHAIN })),
  );
  const ticks = ['load-warehouse', ...STAGES].map((name) => ({
    ...{ function: `${name}-tick`, url: url(name), on: 'chain', types: ['sweep.tick'] },
  }));
  return [objects, ...chain, ...ticks];
}

function quickJobs(machine: Machine): Record<string, object> {
  const command = [machine.tools.node, join(machine.root, 'local-emulator/src/chaos/quick-job.ts')];
  return Object.fromEntries(
    ['dbt', 'great-expectations', 'feast'].map((job) => [job, { command, timeoutSeconds: 60 }]),
  );
}
