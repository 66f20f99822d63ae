import type { Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

/** One set of labels of a histogram. To observe is a search in a dozen numbers and three additions. */
export class Series {
  readonly #bounds: readonly number[];
  /** How many fell into each bucket alone; the last is beyond every bound. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket += 1;
    this.counts[bucket]! += 1;
    this.sum += value;
  }
}

/**
 * A histogram in prom-client's registry whose series are looked up once and kept: prom-client's own hashes the labels at each observation, which takes a
 * microsecond of the forty that a small read has.
 */
export class Histogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, { readonly labels: Labels; readonly series: Series }>();

  /** @param bounds upper bounds of the buckets, ascending, without infinity. */
  constructor(options: { name: string; help: string; bounds: readonly number[]; registry: Registry }) {
    this.name = options.name;
    this.help = options.help;
    this.#bounds = options.bounds;
    // The registry asks a metric for `name`, `get` and `reset`, and the declared type names classes.
    options.registry.registerMetric(this as never);
  }

  /** The series of these labels, made when it is first asked for. */
  series(labels: Labels): Series {
    const key = JSON.stringify(labels);
    let known = this.#series.get(key);
    if (known === undefined) {
      known = { labels, series: new Series(this.#bounds) };
      this.#series.set(key, known);
    }
    return known.series;
  }

  /** What the registry prints: buckets count everything up to their bound. */
  async get() {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: [...this.#series.values()].flatMap((one) => this.#values(one)) };
  }

  reset(): void {
    this.#series.clear();
  }

  #values({ labels, series }: { readonly labels: Labels; readonly series: Series }) {
    let total = 0;
    const buckets = [...this.#bounds, '+Inf'].map((le, index) => {
      total += series.counts[index]!;
      return { metricName: `${this.name}_bucket`, labels: { ...labels, le }, value: total };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: series.sum },
      { metricName: `${this.name}_count`, labels, value: total },
    ];
  }
}
