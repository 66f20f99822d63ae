import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ChainEventType } from '@tributary/platform/events';
import type { Component, Machine } from '../supervisor/component.ts';
import { frameworkProcess } from './functions-framework.ts';
import { answers } from './http-probe.ts';
import { nodeService } from './node-service.ts';
import type { PushedTo } from './pubsub-resources.ts';
import { runUrlTemplate } from './warehouse-api.ts';

/** Which function receives what; in the cloud these are Eventarc triggers and Pub/Sub subscriptions. docs/interfaces.md#event-delivery-to-functions */
const TRIGGERS = {
  'ingest-landing': { objectsOf: 'LANDING_BUCKET', chain: ['quality.checked', 'sweep.tick'] },
  // Not of `control/`, where the function itself writes for each object it takes.
  'load-warehouse': { objectsOf: 'LAKE_BUCKET', prefix: 'processed/', chain: ['sweep.tick'] },
  transform: { chain: ['warehouse.loaded', 'incident.cleared', 'transform.finished', 'sweep.tick'] },
  validate: { chain: ['transform.finished', 'quality.checked', 'sweep.tick'] },
  materialize: { chain: ['quality.checked', 'features.materialized', 'sweep.tick'] },
  observe: { chain: ['sweep.tick'] },
  notify: {
    chain: [
      'warehouse.loaded',
      'transform.finished',
      'quality.checked',
      'features.materialized',
      'landing.accepted',
      'landing.ingested',
      'incident.raised',
      'incident.cleared',
      'sweep.tick',
    ],
  },
} as const satisfies Record<string, { objectsOf?: string; prefix?: string; chain: readonly string[] }>;

type FunctionName = keyof typeof TRIGGERS;

/** How often the sweep looks for what an event missed. Cloud Scheduler does this every few minutes; here a demo is waiting. */
export const TICK_SECONDS = 10;

/** The same for the Pub/Sub stand-in: push subscriptions, of notifications of Cloud Storage and of chain events. */
export const PUSHED: readonly PushedTo[] = (Object.keys(TRIGGERS) as FunctionName[]).flatMap((name) => {
  const trigger: { objectsOf?: string; chain: readonly ChainEventType[] } = TRIGGERS[name];
  const topic = trigger.objectsOf === 'LANDING_BUCKET' ? 'landing-objects' : 'lake-objects';
  return [
    ...(trigger.objectsOf === undefined ? [] : [{ function: name, topic } as const]),
    { function: name, topic: 'chain', types: trigger.chain } as const,
  ];
});

/** One Cloud Function under Google's own framework, one process each as in the cloud. */
function cloudFunction(name: FunctionName): Component {
  return {
    name: `function-${name}`,
    needs: ['kafka', 'minio', 'bigquery', 'cloud-run-jobs'],
    ports: [`function-${name}`],
    stop: { signal: 'SIGTERM', graceSeconds: 5 },
    readyWithinSeconds: 90,
    async prepare() {},
    start: (machine) =>
      frameworkProcess(
        machine,
        name,
        `function-${name}`,
        name === 'notify' ? { RUN_URL_TEMPLATE: runUrlTemplate(machine) } : {},
      ),
    // The framework answers any GET; a function that failed to load never listens.
    ready: (machine) => answers(`http://127.0.0.1:${machine.port(`function-${name}`)}/health`),
    describe: (machine) => ({
      summary: `Cloud Function ${name}`,
      url: `http://127.0.0.1:${machine.port(`function-${name}`)}`,
    }),
  };
}

export const cloudFunctions: readonly Component[] = (Object.keys(TRIGGERS) as FunctionName[]).map(cloudFunction);

/** Eventarc, Pub/Sub push and Cloud Scheduler. */
export const eventarc: Component = nodeService({
  name: 'eventarc',
  needs: ['kafka', 'minio', ...cloudFunctions.map((component) => component.name)],
  program: 'local-emulator/src/eventarc/main.ts',
  summary: 'delivers object and chain events to functions',
  env: (machine) => ({
    ROUTES: JSON.stringify(routes(machine)),
    WEBHOOK_TOKEN: machine.secrets.webhookToken,
    TICK_SECONDS: String(TICK_SECONDS),
  }),
});

/** Where a function takes its events. */
export function functionUrl(machine: Machine, name: string): string {
  return `http://127.0.0.1:${machine.port(`function-${name}`)}/`;
}

function routes(machine: Machine): object[] {
  const env = machine.env();
  return (Object.keys(TRIGGERS) as FunctionName[]).flatMap((name) => {
    const url = functionUrl(machine, name);
    const trigger: { objectsOf?: string; prefix?: string; chain: readonly string[] } = TRIGGERS[name];
    const { objectsOf, prefix = '' } = trigger;
    const objects =
      objectsOf === undefined ? [] : [{ function: name, url, on: 'object', bucket: env[objectsOf], prefix }];
    return [...objects, { function: name, url, on: 'chain', types: trigger.chain }];
  });
}

/** The Cloud Run Admin API, running each job as a local process. */
export const cloudRunJobs: Component = {
  ...nodeService({
    name: 'cloud-run-jobs',
    needs: [],
    program: 'local-emulator/src/cloud-run-jobs/main.ts',
    summary: 'Cloud Run Admin API; runs dbt, Great Expectations and Feast jobs',
    graceSeconds: 15,
    env: (machine) => ({
      JOBS: JSON.stringify(
        Object.fromEntries(
          Object.entries(JOB_PROGRAMS).map(([job, program]) => [
            job,
            { command: [machine.tools.node, join(machine.root, program)], timeoutSeconds: 600 },
          ]),
        ),
      ),
      SERVICES: JSON.stringify(
        Object.fromEntries(SERVICES.map((service) => [service, `http://127.0.0.1:${machine.port(service)}`])),
      ),
      LOG_DIR: join(machine.state, 'logs', 'jobs'),
      STATE_DIR: join(machine.state, 'cloud-run-jobs'),
    }),
  }),
  async prepare(machine) {
    mkdirSync(join(machine.state, 'logs', 'jobs'), { recursive: true });
    mkdirSync(join(machine.state, 'cloud-run-jobs'), { recursive: true });
  },
};

/** What the front door leads to: front-door/firebase.json. Their addresses are known before they listen, so nobody waits for anybody. */
const SERVICES = ['feast-server', 'warehouse-api'];

const JOB_PROGRAMS = {
  dbt: 'dbt/job/src/main.ts',
  'great-expectations': 'great_expectations/job/src/main.ts',
  feast: 'feast/job/src/main.ts',
} as const;
