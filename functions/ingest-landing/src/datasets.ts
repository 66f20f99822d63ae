import type { CompiledMapping, Contracts, Mappings } from '@tributary/platform/contracts';

/** Whose rows a dataset's files hold. */
export interface Dataset {
  readonly stream: string;
  /** Undefined where the files have the contract's own field names. */
  readonly mapping: CompiledMapping | undefined;
}

/** By the name of their folder in landing/. */
export type Datasets = ReadonlyMap<string, Dataset>;

/** Every stream is a dataset of its own name, and every mapping is one. */
export function datasetsOf(contracts: Contracts, mappings: Mappings): Datasets {
  const datasets = new Map<string, Dataset>();
  for (const stream of contracts.keys()) datasets.set(stream, { stream, mapping: undefined });
  for (const [dataset, mapping] of mappings) datasets.set(dataset, { stream: mapping.stream, mapping });
  return datasets;
}

/** The streams that an event about a dataset names: none where nobody declares it. */
export function streamsOf(datasets: Datasets, dataset: string): string[] {
  const stream = datasets.get(dataset)?.stream;
  return stream === undefined ? [] : [stream];
}
