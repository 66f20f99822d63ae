import { copyFileSync, existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Component, Machine } from '../supervisor/component.ts';

/** Name under which the JobManager offers the pipeline's jar; fixed, so that a restarted cluster knows the same one. */
export const PIPELINE_JAR_ID = 'tributary-pipeline.jar';

/** What Flink 1.19 and Kryo reach into on Java 17. https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/deployment/java_compatibility/ */
const JAVA_OPENINGS = [
  ...['java.base/sun.net.util', 'java.rmi/sun.rmi.registry', 'jdk.compiler/com.sun.tools.javac.api'].map(
    (name) => `--add-exports=${name}=ALL-UNNAMED`,
  ),
  ...[
    'lang',
    'net',
    'io',
    'nio',
    'lang.reflect',
    'text',
    'time',
    'util',
    'util.concurrent',
    'util.concurrent.atomic',
    'util.concurrent.locks',
  ].map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`),
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
];

/**
 * The first compiler only: what a demo runs through Flink in a minute never pays for the second one's work, which on two cores takes the first half of that minute.
 */
const QUICK_START = ['-XX:TieredStopAtLevel=1'];

/** How a cluster is sized and tuned; what it says wins over the settings below. */
export interface FlinkProfile {
  readonly taskManager: { readonly heap: readonly string[]; readonly options: readonly string[] };
  readonly jobManager: { readonly heap: readonly string[]; readonly options: readonly string[] };
  /** Entries of Flink's config.yaml. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Jars that Flink loads apart from jobs, such as file systems, by the name of their folder. */
  readonly plugins?: Readonly<Record<string, string>>;
}

/** A cluster that shares a laptop with everything else. */
const LAPTOP: FlinkProfile = {
  jobManager: { heap: ['-Xmx512m', '-Xms128m'], options: QUICK_START },
  taskManager: { heap: ['-Xmx1328m', '-Xms256m'], options: QUICK_START },
  settings: {},
};

/** JobManager and TaskManager of a Flink session cluster. */
export function flinkCluster(profile: FlinkProfile): readonly [Component, Component] {
  return [jobManager(profile), taskManager(profile)];
}

const jobManager = (profile: FlinkProfile): Component => ({
  name: 'flink-jobmanager',
  needs: [],
  ports: ['flink-rest', 'flink-rpc'],
  stop: { signal: 'SIGTERM', graceSeconds: 10 },
  readyWithinSeconds: 120,

  async prepare(machine) {
    prepareHome(machine, profile);
    // The JobManager lists whatever jar lies here; it may have cleaned the folder when it last stopped.
    const uploads = join(home(machine), 'upload', 'flink-web-upload');
    mkdirSync(uploads, { recursive: true });
    const jar = join(uploads, PIPELINE_JAR_ID);
    if (existsSync(machine.tools.pipelineJar)) {
      rmSync(jar, { force: true });
      try {
        linkSync(machine.tools.pipelineJar, jar);
      } catch {
        // The cache is on another file system.
        copyFileSync(machine.tools.pipelineJar, jar);
      }
    }
  },

  start: (machine) =>
    flinkProcess(
      machine,
      'org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint',
      [...profile.jobManager.heap, '-XX:MaxMetaspaceSize=400m', '-XX:+UseSerialGC', ...profile.jobManager.options],
      ['--executionMode', 'cluster'],
    ),

  async ready(machine) {
    const response = await fetch(`${flinkRest(machine)}/overview`, { signal: AbortSignal.timeout(3_000) });
    return response.ok;
  },

  describe: (machine) => ({ summary: 'Flink UI', url: flinkRest(machine) }),
});

/** It finds the JobManager again when that one is restarted. */
const taskManager = (profile: FlinkProfile): Component => ({
  name: 'flink-taskmanager',
  needs: ['flink-jobmanager'],
  ports: ['flink-task-rpc', 'flink-task-data'],
  stop: { signal: 'SIGTERM', graceSeconds: 10 },
  readyWithinSeconds: 120,

  async prepare(machine) {
    prepareHome(machine, profile);
  },

  start: (machine) =>
    flinkProcess(
      machine,
      'org.apache.flink.runtime.taskexecutor.TaskManagerRunner',
      [
        ...profile.taskManager.heap,
        '-XX:MaxDirectMemorySize=400m',
        '-XX:MaxMetaspaceSize=512m',
        ...profile.taskManager.options,
        '-XX:+UseParallelGC',
        '-XX:ParallelGCThreads=2',
      ],
      [],
    ),

  async ready(machine) {
    const response = await fetch(`${flinkRest(machine)}/overview`, { signal: AbortSignal.timeout(3_000) });
    const overview = (await response.json()) as { taskmanagers: number };
    return overview.taskmanagers > 0;
  },

  describe: () => ({ summary: 'Flink task slots' }),
});

export const [flinkJobManager, flinkTaskManager] = flinkCluster(LAPTOP);

/** Base URL of the cluster's REST interface. */
export function flinkRest(machine: Machine): string {
  return `http://127.0.0.1:${machine.port('flink-rest')}`;
}

/** Where checkpoints are kept; a resubmitted job starts from the newest complete one. */
export function checkpointFolder(machine: Machine): string {
  return join(home(machine), 'checkpoints');
}

function home(machine: Machine): string {
  return join(machine.state, 'flink');
}

function flinkProcess(machine: Machine, main: string, memory: string[], args: string[]) {
  const conf = join(home(machine), 'conf');
  return {
    command: machine.tools.java,
    args: [
      ...memory,
      ...JAVA_OPENINGS,
      `-Dlog4j.configurationFile=${join(conf, 'log4j.properties')}`,
      '-cp',
      join(machine.tools.flinkJars, '*'),
      main,
      '--configDir',
      conf,
      ...args,
    ],
    env: {
      FLINK_CONF_DIR: conf,
      FLINK_LIB_DIR: machine.tools.flinkJars,
      FLINK_PLUGINS_DIR: join(home(machine), 'plugins'),
    },
    cwd: home(machine),
  };
}

function prepareHome(machine: Machine, profile: FlinkProfile): void {
  const folder = home(machine);
  const conf = join(folder, 'conf');
  for (const name of ['conf', 'plugins', 'upload', 'checkpoints', 'tmp'])
    mkdirSync(join(folder, name), { recursive: true });
  for (const [name, jar] of Object.entries(profile.plugins ?? {})) {
    mkdirSync(join(folder, 'plugins', name), { recursive: true });
    copyFileSync(jar, join(folder, 'plugins', name, basename(jar)));
  }
  // The memory keys that Flink's start scripts would compute must be set by hand when its main classes are started directly.
  const settings = {
    'jobmanager.rpc.address': '127.0.0.1',
    'jobmanager.bind-host': '127.0.0.1',
    'jobmanager.rpc.port': machine.port('flink-rpc'),
    'jobmanager.memory.process.size': '1024m',
    'rest.address': '127.0.0.1',
    'rest.bind-address': '127.0.0.1',
    'rest.port': machine.port('flink-rest'),
    'web.upload.dir': join(folder, 'upload'),
    'web.submit.enable': true,
    'io.tmp.dirs': join(folder, 'tmp'),
    'taskmanager.bind-host': '127.0.0.1',
    'taskmanager.host': '127.0.0.1',
    'taskmanager.rpc.port': machine.port('flink-task-rpc'),
    'taskmanager.data.port': machine.port('flink-task-data'),
    // The streaming job takes two, a batch ingest two more.
    'taskmanager.numberOfTaskSlots': 4,
    'taskmanager.cpu.cores': 2.0,
    'taskmanager.memory.framework.heap.size': '128m',
    'taskmanager.memory.framework.off-heap.size': '128m',
    'taskmanager.memory.task.heap.size': '1200m',
    'taskmanager.memory.task.off-heap.size': '0m',
    'taskmanager.memory.network.min': '128m',
    'taskmanager.memory.network.max': '128m',
    'taskmanager.memory.managed.size': '256m',
    'taskmanager.memory.jvm-metaspace.size': '512m',
    'taskmanager.memory.jvm-overhead.min': '192m',
    'taskmanager.memory.jvm-overhead.max': '192m',
    'parallelism.default': 2,
    'state.backend.type': 'hashmap',
    'state.checkpoints.dir': `file://${checkpointFolder(machine)}`,
    'state.checkpoints.num-retained': 2,
    'execution.checkpointing.interval': '5s',
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    'execution.buffer-timeout.interval': '5 ms',
    'restart-strategy.type': 'fixed-delay',
    'restart-strategy.fixed-delay.attempts': 1000,
    'restart-strategy.fixed-delay.delay': '1s',
    'classloader.resolve-order': 'child-first',
    'heartbeat.timeout': 15000,
    'heartbeat.interval': 3000,
    ...profile.settings,
  };
  writeFileSync(
    join(conf, 'config.yaml'),
    Object.entries(settings)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join(''),
  );
  writeFileSync(
    join(conf, 'log4j.properties'),
    `rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} - %m%n
logger.kafka.name = org.apache.kafka
logger.kafka.level = WARN
logger.checkpoints.name = org.apache.flink.runtime.checkpoint
logger.checkpoints.level = WARN
`,
  );
}
