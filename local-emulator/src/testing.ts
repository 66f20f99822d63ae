import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createLogger } from '@tributary/platform/log';
import { withNeeds } from './components/index.ts';
import { dataFolder } from './components/postgres.ts';
import type { Adapters } from './instance/adapters.ts';
import { stateRoot } from './instance/folders.ts';
import { createMachine, ROOT } from './instance/machine.ts';
import type { Component, Machine } from './supervisor/component.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { prepareToolchain, type Tool } from './toolchain/toolchain.ts';

/** Real components for one test file. */
export interface TestStack {
  /** docs/interfaces.md#environment for exactly the components started. */
  readonly env: Record<string, string>;
  readonly machine: Machine;
  /** Ends a component's process at once; the supervisor brings it back. */
  kill(component: string): Promise<void>;
  /** Resolves when a component is ready again after `kill`; rejects after two minutes. */
  untilReady(component: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the named components and what they need with a state of their own; `stop` ends them and deletes that state.
 *
 * @param options.needs false starts only the named ones; the test stands in for what they need
 * @param options.instead run in place of the components of the same names
 * @param options.adapters which pair of stores the environment names, and components need
 */
export async function startComponents(
  names: readonly string[],
  options: { needs?: boolean; instead?: readonly Component[]; adapters?: Adapters } = {},
): Promise<TestStack> {
  const all = withNeeds(names, options.adapters).map(
    (component) => options.instead?.find((other) => other.name === component.name) ?? component,
  );
  const components =
    options.needs === false
      ? all
          .filter((component) => names.includes(component.name))
          .map((component) => ({ ...component, needs: component.needs.filter((need) => names.includes(need)) }))
      : all;
  const needed = new Set(components.flatMap((component) => TOOLS[component.name] ?? []));
  const tools = await prepareToolchain(ROOT, { quiet: true, only: needed });
  mkdirSync(stateRoot(), { recursive: true });
  const state = mkdtempSync(join(stateRoot(), 'test-'));
  // Components are configured with each other's ports (MinIO with Eventarc's, say) whether or not the other one runs.
  const { machine, ports } = await createMachine(
    basename(state),
    state,
    withNeeds([...ALL_WITH_PORTS, ...names]),
    tools,
    options.adapters,
  );
  const supervisor = new Supervisor(
    components,
    machine,
    ports,
    createLogger('supervisor', { level: process.env.TEST_LOG_LEVEL ?? 'silent' }),
  );
  const names_ = new Set(components.flatMap((component) => component.ports));
  try {
    await supervisor.start();
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  return {
    env: onlyStarted(machine.env(), names_),
    machine,
    kill: (component) => supervisor.kill(component),
    untilReady: (component) => supervisor.untilComponentReady(component, 120_000),
    async stop() {
      await supervisor.stop();
      rmSync(dataFolder(machine), { recursive: true, force: true });
      rmSync(state, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** What has to be fetched or built before a component can start; a test of one waits for no other's build. */
const TOOLS: Readonly<Record<string, readonly Tool[]>> = {
  kafka: ['kafka'],
  minio: ['minio'],
  'fake-gcs': ['fake-gcs-server'],
  pubsub: ['pubsub-server'],
  redis: ['python'],
  bigquery: ['python'],
  'cloud-run-jobs': ['python'],
  'feast-server': ['python'],
  'debezium-engine': ['debezium-engine'],
  'flink-jobmanager': ['python', 'pipeline'],
  'flink-taskmanager': ['python', 'pipeline'],
};

const ALL_WITH_PORTS = [
  'fake-gcs',
  'pubsub',
  'pubsub-push',
  'warehouse-api',
  'feast-server',
  'eventarc',
  'pipeline',
  'debezium-engine',
];

/** Which variable points at which component's port. */
const POINTS_AT: Readonly<Record<string, string>> = {
  GCS_ENDPOINT: 'fake-gcs',
  MINIO_ENDPOINT: 'minio',
  KAFKA_BROKERS: 'kafka',
  PUBSUB_ENDPOINT: 'pubsub',
  PUBSUB_REST_URL: 'pubsub-rest',
  BIGQUERY_ENDPOINT: 'bigquery',
  RUN_ENDPOINT: 'cloud-run-jobs',
  FLINK_REST_URL: 'flink-rest',
  FEAST_SERVER_URL: 'feast-server',
  REDIS_ADDRESS: 'redis',
  METRICS_ENDPOINT: 'metrics',
  PGPORT: 'postgres',
};

/** Leaves out addresses where nothing listens, so that a test that forgot a component gets a clear configuration error. */
function onlyStarted(env: Record<string, string>, ports: ReadonlySet<string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => POINTS_AT[name] === undefined || ports.has(POINTS_AT[name])),
  );
}
