import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@tributary/local-emulator/instance/machine';
import { cached, inputsHash } from '@tributary/local-emulator/toolchain/cache';
import { ensureMaven } from '@tributary/local-emulator/toolchain/maven';
import { run } from '@tributary/local-emulator/toolchain/run';
import { benchProfile, PARALLELISM } from '../flink/profile.ts';
import type { Contestant } from './contestant.ts';

const MODULE = 'dataflow-flink/flink-sql-peer';
const JAR = 'flink-sql-peer.jar';
const S3_PLUGIN = 'flink-s3-fs-hadoop.jar';
const BUILD_LIMIT_MINUTES = 20;

/** As long as the pipeline remembers ids at least. */
const TTL_HOURS = 24;

/**
 * The same work as a Flink SQL job: dataflow-flink/flink-sql-peer.
 *
 * @param settings table options over the script's own, `name=value`
 */
export async function flinkSql(settings: readonly string[], recording?: string): Promise<Contestant> {
  const folder = await buildPeer();
  let jarId: string;
  return {
    name: 'sql',
    profile: async (state, infrastructure) =>
      benchProfile(state, { s3: { plugin: join(folder, S3_PLUGIN), ...infrastructure.s3 }, recording }),
    async prepare(cluster) {
      jarId = await cluster.upload(join(folder, JAR));
    },
    submit: async (cluster, infrastructure, backlog, bucket) =>
      await cluster.run(jarId, 'dev.tributary.peer.SqlRunner', [
        `--parallelism=${PARALLELISM}`,
        `--ttlHours=${TTL_HOURS}`,
        `--bootstrap=${infrastructure.brokers}`,
        `--changes=${backlog.topicPrefix}changes`,
        `--features=${backlog.topicPrefix}features`,
        `--lake=s3://${bucket}`,
        ...settings.map((pair) => `--set=${pair}`),
      ]),
  };
}

/** Built once for its sources, as the toolchain's own jars are; here, so that nobody but the benchmark waits for it. */
async function buildPeer(): Promise<string> {
  const key = `flink-sql-peer-${inputsHash(ROOT, [`${MODULE}/pom.xml`, `${MODULE}/src`])}`;
  return await cached(key, async (target) => {
    process.stdout.write('Building the Flink SQL peer (Maven) …\n');
    await run(await ensureMaven(), ['-B', '-ntp', '-q', '-DskipTests', 'package'], {
      cwd: join(ROOT, MODULE),
      timeoutMinutes: BUILD_LIMIT_MINUTES,
    });
    copyFileSync(join(ROOT, MODULE, 'target', JAR), join(target, JAR));
    copyFileSync(join(ROOT, MODULE, 'target', 'plugins', S3_PLUGIN), join(target, S3_PLUGIN));
  });
}
