/**
 * What each deployable consists of besides the modules that its entries reach: the one declaration that Dockerfiles, source packages and their tests follow.
 *
 * Sources are not listed. They are found from `entries` (source/module-graph.ts), so that an import is enough and a test file never comes along.
 */
export interface Contents {
  /** `function` has no image: Cloud Functions are built from their source package. */
  readonly kind: 'service' | 'job' | 'function';
  /** Folder of its workspace, from the repository's root. */
  readonly workspace: string;
  /** Modules that a process starts with, from the repository's root; the first is the deployable's own. */
  readonly entries: readonly string[];
  /** Files and folders that programs read or run, from the repository's root. */
  readonly files: readonly string[];
  /** Files that another stage of its Dockerfile makes. */
  readonly built?: readonly string[];
  /** Needs another runtime beside Node, which Google's Node.js buildpack does not bring: it is deployed as an image only. */
  readonly runtime?: 'java' | 'python';
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  /** Path that answers 200 once a service is up. */
  readonly health?: string;
}

const CONTRACTS = 'contracts/generated/contracts.json';
const MAPPINGS = 'contracts/generated/mappings.json';
const FEATURES = 'features/generated/features.json';

/**
 * Files that reached modules name and that no deployable reads, so that they need not come along.
 * Anything else that a module names by `new URL('…', import.meta.url)` or `new URL('…', ROOT)` must be declared: packaging refuses it otherwise.
 */
export const NEVER_READ: readonly string[] = [
  // Applied to buckets and tables by Terraform, and by the emulator.
  'contracts/generated/lifecycle.json',
];

/** What the image's HEALTHCHECK runs. */
const HEALTHCHECK = 'deploy/images/runtime/healthcheck.mjs';

const cloudFunction = (name: string, ...files: string[]): Contents => ({
  kind: 'function',
  workspace: `functions/${name}`,
  entries: [`functions/${name}/src/index.ts`],
  files: [CONTRACTS, MAPPINGS, ...files],
  health: '/health',
});

/** Every deployable that we build, by the name it has in terraform/deployables.yaml; the Beam pipeline is Maven's (dataflow-flink/). */
export const CONTENTS = {
  'debezium-bridge': {
    kind: 'service',
    workspace: 'run-services/debezium-bridge',
    // The first starts the second as a process of its own.
    entries: ['run-services/debezium-bridge/src/entrypoint.ts', 'run-services/debezium-bridge/src/main.ts'],
    files: [CONTRACTS, MAPPINGS, HEALTHCHECK],
    built: ['run-services/debezium-bridge/engine/target/debezium-engine.jar'],
    runtime: 'java',
    health: '/healthz',
  },
  'feast-server': {
    kind: 'service',
    workspace: 'run-services/feast-server',
    entries: ['run-services/feast-server/src/main.ts', 'run-services/feast-server/src/compile-ahead.ts'],
    files: [
      CONTRACTS,
      MAPPINGS,
      FEATURES,
      'run-services/feast-server/src/registry/registry.descriptor.json',
      HEALTHCHECK,
    ],
    // Half of the smallest instance's 512 MiB; the rest is for buffers, which live outside the heap. Young objects get little room: by default
    // 100 MB more stay resident under load, and answers are no faster.
    nodeOptions: ['--max-old-space-size=256', '--max-semi-space-size=8'],
    health: '/healthz',
  },
  seeder: {
    kind: 'service',
    workspace: 'run-services/seeder',
    entries: ['run-services/seeder/src/main.ts'],
    files: [CONTRACTS, MAPPINGS, 'run-services/seeder/migrations', 'run-services/seeder/data', HEALTHCHECK],
    health: '/healthz',
  },
  replay: {
    kind: 'job',
    workspace: 'run-services/replay',
    entries: ['run-services/replay/src/main.ts'],
    files: [CONTRACTS, MAPPINGS],
  },
  erase: {
    kind: 'job',
    workspace: 'run-services/erase',
    entries: ['run-services/erase/src/main.ts'],
    files: [CONTRACTS, MAPPINGS],
  },
  dbt: {
    kind: 'job',
    workspace: 'dbt/job',
    entries: ['dbt/job/src/main.ts'],
    files: [CONTRACTS, MAPPINGS, 'dbt/dbt_project.yml', 'dbt/profiles.yml', 'dbt/macros', 'dbt/models', 'dbt/tests'],
    runtime: 'python',
  },
  'great-expectations': {
    kind: 'job',
    workspace: 'great_expectations/job',
    entries: ['great_expectations/job/src/main.ts'],
    files: [
      'contracts/generated',
      FEATURES,
      'great_expectations/validate.py',
      'great_expectations/data_docs.py',
      'great_expectations/gates',
      'great_expectations/suites',
    ],
    runtime: 'python',
  },
  feast: {
    kind: 'job',
    workspace: 'feast/job',
    entries: ['feast/job/src/main.ts'],
    files: [
      CONTRACTS,
      MAPPINGS,
      FEATURES,
      'feast/feature_store.yaml',
      'feast/.feastignore',
      'feast/definitions.py',
      'feast/apply.py',
      'feast/materialize.py',
      'feast/materialization',
    ],
    runtime: 'python',
  },
  'ingest-landing': cloudFunction('ingest-landing'),
  'load-warehouse': cloudFunction('load-warehouse'),
  transform: cloudFunction('transform'),
  validate: cloudFunction('validate'),
  materialize: cloudFunction('materialize'),
  observe: cloudFunction('observe'),
  notify: cloudFunction('notify'),
  // A function by its code; Cloud Run's check of callers can be turned off for services only, and it is behind the front door.
  'warehouse-api': {
    kind: 'service',
    workspace: 'functions/warehouse-api',
    // The framework that the first starts loads the second.
    entries: ['functions/warehouse-api/src/serve.ts', 'functions/warehouse-api/src/index.ts'],
    files: [CONTRACTS, MAPPINGS, 'functions/warehouse-api/queries', HEALTHCHECK],
    health: '/healthz',
  },
} as const satisfies Record<string, Contents>;

export type Deployable = keyof typeof CONTENTS;
