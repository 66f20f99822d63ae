import type { Lake } from '@tributary/platform/lake';
import { failureOf } from './failures.ts';
import type { DbtGraph } from './manifest.ts';
import type { TransformRequest } from './request.ts';
import type { NodeResult } from './run-results.ts';

/** What dbt leaves of a run, as text. */
export interface DbtArtifacts {
  readonly runResults: string;
  readonly manifest: string;
}

/** docs/interfaces.md#artifacts */
const RUNS = 'artifacts/dbt-runs/';
/** Which streams each feature table is made from; the quality gates read it. */
const DEPENDENCIES = 'artifacts/dbt/dependencies.json';

export interface ArtifactStore {
  readonly lake: Lake;
  readonly bucket: string;
}

/**
 * Keeps what dbt wrote under the attempt's own name, so that keeping it twice changes nothing; and what the newest run knows of dependencies, for the
 * gates. All is as dbt wrote it but the messages of nodes that failed, which may quote a value of a row.
 */
export async function keepArtifacts(
  { lake, bucket }: ArtifactStore,
  { manifest, attempt }: Pick<TransformRequest, 'manifest' | 'attempt'>,
  artifacts: DbtArtifacts,
  results: readonly NodeResult[],
  graph: DbtGraph,
  marts: readonly string[],
): Promise<void> {
  const folder = `${RUNS}${manifest}/${attempt}/`;
  const json = { contentType: 'application/json' };
  await lake.write(bucket, `${folder}run_results.json`, withoutValues(artifacts.runResults, results), json);
  await lake.write(bucket, `${folder}manifest.json`, artifacts.manifest, json);
  const dependencies = Object.fromEntries(
    marts.map((mart) => {
      const model = graph.modelNamed(mart);
      return [mart, model === undefined ? [] : graph.streamsOf(model)];
    }),
  );
  await lake.write(bucket, DEPENDENCIES, JSON.stringify({ views: dependencies }), json);
}

function withoutValues(runResults: string, results: readonly NodeResult[]): string {
  const failed = new Map(results.filter(({ outcome }) => outcome === 'failed').map((result) => [result.node, result]));
  if (failed.size === 0) return runResults;
  const whole = JSON.parse(runResults) as { results: { unique_id: string; message: string | null }[] };
  for (const result of whole.results) {
    const failure = failed.get(result.unique_id);
    if (!failure) continue;
    const { code, message } = failureOf(failure);
    result.message = `${code}: ${message}`;
  }
  return JSON.stringify(whole);
}
