import type { FlinkProfile } from '@tributary/local-emulator/components/flink';

/** Where Flink keeps keyed state: on the heap, or in RocksDB below it. */
export type StateBackend = 'heap' | 'rocksdb';

/** Where the TaskManager's collector writes, in its working folder. */
export const GC_LOG = 'gc.log';

/** Cores of the smallest machine this is for; both contestants run with one subtask each. */
export const PARALLELISM = 2;

const ROCKSDB_MANAGED = '1024m';
const HEAP_MANAGED = '64m';

/**
 * A cluster with both compilers and room for the state of millions of ids; the same for every contestant.
 *
 * @param options.s3 lets Flink's own file sinks reach MinIO; the Beam pipeline brings its own client
 * @param options.recording path of a JDK Flight Recording of the TaskManager
 */
export function benchProfile(
  state: StateBackend,
  options: {
    readonly s3?: {
      readonly plugin: string;
      readonly endpoint: string;
      readonly accessKey: string;
      readonly secretKey: string;
    };
    readonly recording?: string | undefined;
  } = {},
): FlinkProfile {
  const { s3, recording } = options;
  return {
    jobManager: { heap: ['-Xmx1024m', '-Xms256m'], options: [] },
    taskManager: {
      heap: ['-Xmx3200m', '-Xms1024m'],
      options: [
        `-Xlog:gc:file=${GC_LOG}`,
        ...(recording === undefined
          ? []
          : [`-XX:StartFlightRecording=settings=profile,dumponexit=true,filename=${recording}`]),
      ],
    },
    settings: {
      'taskmanager.numberOfTaskSlots': PARALLELISM,
      'taskmanager.memory.task.heap.size': '3072m',
      'taskmanager.memory.network.min': '192m',
      'taskmanager.memory.network.max': '192m',
      'taskmanager.memory.managed.size': state === 'rocksdb' ? ROCKSDB_MANAGED : HEAP_MANAGED,
      'state.backend.type': state === 'rocksdb' ? 'rocksdb' : 'hashmap',
      'state.backend.incremental': state === 'rocksdb',
      // Progress is read off these; the default of ten seconds is longer than a run.
      'metrics.fetcher.update-interval': 250,
      // A run that restarts is not measured.
      'restart-strategy.fixed-delay.attempts': 3,
      ...(s3 === undefined
        ? {}
        : {
            's3.endpoint': s3.endpoint,
            's3.path.style.access': true,
            's3.access-key': s3.accessKey,
            's3.secret-key': s3.secretKey,
          }),
    },
    ...(s3 === undefined ? {} : { plugins: { 's3-fs-hadoop': s3.plugin } }),
  };
}
