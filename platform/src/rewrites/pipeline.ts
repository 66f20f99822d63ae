import { type Environment, readConfigFrom } from '../config/index.ts';
import { loadContracts } from '../contracts/index.ts';
import { createPipelineLauncher } from '../jobs/index.ts';
import { createLake } from '../lake/index.ts';
import { contractsLocation } from '../live-contracts/index.ts';
import type { RewritePorts } from './run.ts';

/** Streams that lie in raw/ though no contract declares them, and the report of an erasure. docs/interfaces.md#lake */
const UNDECLARED = ['_unknown', '_control', '_erasure'];

/** What a rewrite needs of the place that an environment points at, and the arguments that every run has. */
export function rewritePortsOf(env: Environment): {
  readonly ports: RewritePorts;
  readonly args: Readonly<Record<string, string>>;
} {
  const { lake, pipeline, pii } = readConfigFrom(env, 'lake', 'pipeline', 'pii');
  // Those in force, as the stream follows them; the jar's own may be older.
  const contracts = contractsLocation({ sharesFiles: pipeline.launcher === 'flink' }, env);
  return {
    ports: {
      launcher: createPipelineLauncher(pipeline, lake),
      lake: createLake(lake),
      bucket: lake.lakeBucket,
      streams: [...loadContracts().keys(), ...UNDECLARED],
    },
    args: {
      piiKeysFile: pipeline.launcher === 'dataflow' ? pipeline.piiKeysFile : pii.keysFile,
      ...(contracts === undefined ? {} : { contracts }),
    },
  };
}
