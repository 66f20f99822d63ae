import { Counter, type Registry } from 'prom-client';
import { Histogram, type Series } from './histogram.ts';

/** Seconds, from a second to a month. */
const STALENESS_BOUNDS = [1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400, 259_200, 604_800, 2_592_000] as const;

/** Values of one feature that were served, by what they were. Plain numbers: they are counted for each value of each answer. */
export class FeatureCounts {
  present = 0;
  /** The entity's row is there, and has no value for the feature. */
  nulls = 0;
  /** The online store has no row of the entity. */
  missing = 0;
  /** The row is older than its view's ttl. Feast's semantics serve it all the same. */
  expired = 0;
}

/** What is counted of a view. */
export class ViewMetrics {
  /** Ages of rows when they were served, in seconds. */
  readonly staleness: Series;
  readonly features = new Map<string, FeatureCounts>();

  constructor(staleness: Series) {
    this.staleness = staleness;
  }

  feature(name: string): FeatureCounts {
    let counts = this.features.get(name);
    if (counts === undefined) {
      counts = new FeatureCounts();
      this.features.set(name, counts);
    }
    return counts;
  }
}

/** How features look to those who read them: how many are null or missing, and how old rows are. */
export class FeatureMetrics {
  readonly #views = new Map<string, ViewMetrics>();
  readonly #staleness: Histogram;

  constructor(registry: Registry) {
    this.#staleness = new Histogram({
      name: 'feast_online_features_age_seconds',
      help: 'Age of rows when they were served: now minus their event timestamp',
      bounds: STALENESS_BOUNDS,
      registry,
    });
    const views = this.#views;
    new Counter({
      name: 'feast_online_features_values_total',
      help: 'Values served by feature: present, null, not_found (no row of the entity) or outside_max_age',
      labelNames: ['feature_view', 'feature', 'status'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [feature_view, { features }] of views) {
          for (const [feature, { present, nulls, missing, expired }] of features) {
            const counts = { present, null: nulls, not_found: missing, outside_max_age: expired };
            for (const [status, count] of Object.entries(counts)) this.inc({ feature_view, feature, status }, count);
          }
        }
      },
    });
  }

  /** To be asked for once a plan, not once a request. */
  view(name: string): ViewMetrics {
    let view = this.#views.get(name);
    if (view === undefined) {
      view = new ViewMetrics(this.#staleness.series({ feature_view: name }));
      this.#views.set(name, view);
    }
    return view;
  }
}
