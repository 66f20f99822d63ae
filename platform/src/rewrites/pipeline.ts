import { type Environment, readConfigFrom } from '../config/index.ts';
import type { Contracts } from '../contracts/index.ts';
import { createPipelineLauncher } from '../jobs/index.ts';
import { createLake } from '../lake/index.ts';
import { contractsLocation, openContracts } from '../live-contracts/index.ts';
import { createLogger } from '../log/index.ts';
import type { RewritePorts } from './run.ts';

/** Streams that lie in raw/ though no contract declares them, and the report of an erasure. docs/interfaces.md#lake */
const UNDECLARED = ['_unknown', '_control', '_erasure'];

/**
 * What a rewrite needs of the place that an environment points at, the arguments that every run has, and the contracts in force there: the program's own may be
 * older.
 *
 * @throws {UserError} CONTRACTS_NOT_COMPILED where there are none.
 */
export async function rewritePortsOf(env: Environment): Promise<{
  readonly ports: RewritePorts;
  readonly args: Readonly<Record<string, string>>;
  readonly contracts: Contracts;
}> {
  const { lake, pipeline, pii } = readConfigFrom(env, 'lake', 'pipeline', 'pii');
  const contracts = (await openContracts(createLogger('rewrites'), env)).current;
  // Those in force, as the stream follows them; the jar's own may be older.
  const location = contractsLocation({ sharesFiles: pipeline.launcher === 'flink' }, env);
  return {
    ports: {
      launcher: createPipelineLauncher(pipeline, lake),
      lake: createLake(lake),
      bucket: lake.lakeBucket,
      streams: [...contracts.keys(), ...UNDECLARED],
    },
    args: {
      piiKeysFile: pipeline.launcher === 'dataflow' ? pipeline.piiKeysFile : pii.keysFile,
      ...(location === undefined ? {} : { contracts: location }),
    },
    contracts,
  };
}
