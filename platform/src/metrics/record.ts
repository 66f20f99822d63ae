import {
  type Attributes,
  type Counter,
  type Gauge,
  type Histogram,
  type Meter,
  type MeterProvider,
  metrics,
  ValueType,
} from '@opentelemetry/api';
import type { Instrument, MetricDeclaration } from './declare.ts';
import { METRICS, type MetricName } from './registry.ts';

type NamesOf<I extends Instrument> = {
  [N in MetricName]: (typeof METRICS)[N]['instrument'] extends I ? N : never;
}[MetricName];
/** All labels of the metric and no others. */
export type LabelsOf<N extends MetricName> = { readonly [L in keyof (typeof METRICS)[N]['labels']]: string };

interface Made {
  readonly counter?: Counter;
  readonly gauge?: Gauge;
  readonly histogram?: Histogram;
}

/** Instruments belong to a provider: a test, or a start after a stop, has one of its own. */
let made: { readonly of: MeterProvider; readonly instruments: Map<MetricName, Made> } | undefined;

/** Adds to a counter. Nothing happens, and nothing is kept, in a process that has not started metrics. */
export function count<N extends NamesOf<'counter'>>(name: N, value: number, labels: LabelsOf<N>): void {
  instrument(name).counter?.add(value, labels as Attributes);
}

/** Sets a gauge. A value that is not a number, such as the time of something that never was, is left out. */
export function set<N extends NamesOf<'gauge'>>(name: N, value: number, labels: LabelsOf<N>): void {
  if (Number.isFinite(value)) instrument(name).gauge?.record(value, labels as Attributes);
}

/** Adds one measurement to a histogram. */
export function measure<N extends NamesOf<'histogram'>>(name: N, value: number, labels: LabelsOf<N>): void {
  instrument(name).histogram?.record(value, labels as Attributes);
}

function instrument(name: MetricName): Made {
  const provider = metrics.getMeterProvider();
  if (made?.of !== provider) made = { of: provider, instruments: new Map() };
  const known = made.instruments.get(name);
  if (known) return known;
  const fresh = make(provider.getMeter('tributary'), name);
  made.instruments.set(name, fresh);
  return fresh;
}

function make(of: Meter, name: MetricName): Made {
  const { instrument: kind, unit, meaning, buckets }: MetricDeclaration = METRICS[name];
  const options = { unit, description: meaning, valueType: ValueType.DOUBLE };
  switch (kind) {
    case 'counter':
      return { counter: of.createCounter(name, options) };
    case 'gauge':
      return { gauge: of.createGauge(name, options) };
    case 'histogram':
      return {
        histogram: of.createHistogram(name, { ...options, advice: { explicitBucketBoundaries: [...(buckets ?? [])] } }),
      };
  }
}
