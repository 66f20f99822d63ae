/** One label of a metric. Each combination of label values is a time series that somebody pays for, so what a label may hold is declared. */
export interface LabelDeclaration {
  readonly meaning: string;
  /** How many different values there are at most, for a deployment of ten streams. */
  readonly atMost: number;
}

/** `counter`: only grows; ask for its rate. `gauge`: the latest value. `histogram`: a distribution in buckets. */
export type Instrument = 'counter' | 'gauge' | 'histogram';

export interface MetricDeclaration<L extends string = string> {
  readonly instrument: Instrument;
  /** UCUM: `s`, `By`, `1`, or a thing counted in braces. https://ucum.org/ucum */
  readonly unit: string;
  readonly meaning: string;
  readonly labels: Readonly<Record<L, LabelDeclaration>>;
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

type Declared<I extends Instrument, L extends string> = MetricDeclaration<L> & { readonly instrument: I };

export const label = (meaning: string, atMost: number): LabelDeclaration => ({ meaning, atMost });

export function counter<L extends string = never>(
  unit: string,
  meaning: string,
  labels = {} as Record<L, LabelDeclaration>,
): Declared<'counter', L> {
  return { instrument: 'counter', unit, meaning, labels };
}

export function gauge<L extends string = never>(
  unit: string,
  meaning: string,
  labels = {} as Record<L, LabelDeclaration>,
): Declared<'gauge', L> {
  return { instrument: 'gauge', unit, meaning, labels };
}

/** In seconds. */
export function duration<L extends string>(
  meaning: string,
  labels: Record<L, LabelDeclaration>,
  buckets: readonly number[],
): Declared<'histogram', L> {
  return { instrument: 'histogram', unit: 's', meaning, labels, buckets };
}
