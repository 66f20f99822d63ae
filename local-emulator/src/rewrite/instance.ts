import { fileURLToPath } from 'node:url';
import { readConfigFrom } from '@tributary/platform/config';
import { COMPILED_CONTRACTS, loadContracts } from '@tributary/platform/contracts';
import { createPipelineLauncher } from '@tributary/platform/jobs';
import { createLake } from '@tributary/platform/lake';
import type { RewritePorts } from './run.ts';

/** Streams that lie in raw/ though no contract declares them. docs/interfaces.md#lake */
const UNDECLARED = ['_unknown', '_control'];

/** What a rewrite needs of the instance that an environment points at, and the arguments that every run has. */
export function rewritePortsOf(env: Readonly<Record<string, string>>): {
  readonly ports: RewritePorts;
  readonly args: Readonly<Record<string, string>>;
} {
  const { lake, pipeline, pii } = readConfigFrom(env, 'lake', 'pipeline', 'pii');
  return {
    ports: {
      launcher: createPipelineLauncher(pipeline, lake),
      lake: createLake(lake),
      bucket: lake.lakeBucket,
      streams: [...loadContracts().keys(), ...UNDECLARED],
    },
    args: {
      piiKeysFile: pii.keysFile,
      // Those in force, as the stream follows them; the jar's own may be older. In the cloud the template has them.
      ...(pipeline.launcher === 'flink' ? { contracts: env.CONTRACTS ?? fileURLToPath(COMPILED_CONTRACTS) } : {}),
    },
  };
}
