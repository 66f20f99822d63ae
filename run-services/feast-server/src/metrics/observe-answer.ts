import type { ReadAnswer } from '../online/get-online-features.ts';
import type { PlannedView } from '../online/plan.ts';
import { readTimestamp } from '../redis/timestamp.ts';
import type { FeatureCounts, FeatureMetrics, ViewMetrics } from './feature-metrics.ts';

interface Counted {
  readonly view: ViewMetrics;
  readonly features: readonly FeatureCounts[];
}

/**
 * Counts what an answer holds: two loops over numbers that are in the cache still. Where each value's bytes are was found when they were read; to look
 * at the values themselves would cost as much as the answer.
 */
export function answerObserver(metrics: FeatureMetrics): (answer: ReadAnswer) => void {
  const counted = new WeakMap<PlannedView, Counted>();
  const countsOf = (planned: PlannedView): Counted => {
    let found = counted.get(planned);
    if (found === undefined) {
      const view = metrics.view(planned.view.name);
      found = { view, features: planned.features.map((name) => view.feature(name)) };
      counted.set(planned, found);
    }
    return found;
  };
  return ({ plan, rows, values }) => {
    const now = Date.now() / 1_000;
    let base = 0;
    for (const planned of plan.views) {
      observe(countsOf(planned), planned, values, base, rows, now);
      base += rows * planned.width;
    }
  };
}

function observe(
  { view, features }: Counted,
  { width, view: { ttlSeconds } }: PlannedView,
  { bytes, index }: ReadAnswer['values'],
  base: number,
  rows: number,
  now: number,
): void {
  for (let row = 0; row < rows; row += 1) {
    const first = (base + row * width) * 2;
    const time = first + (width - 1) * 2;
    const length = index[time + 1]!;
    if (length < 0) {
      for (const counts of features) counts.missing += 1;
      continue;
    }
    const { seconds } = readTimestamp(bytes, index[time]!, index[time]! + length);
    view.staleness.observe(now - seconds);
    if (ttlSeconds > 0 && seconds + ttlSeconds < now) {
      for (const counts of features) counts.expired += 1;
      continue;
    }
    for (let column = 0; column < features.length; column += 1) {
      // A null that was pushed, and a feature that was never written, have no bytes.
      if (index[first + column * 2 + 1]! > 0) features[column]!.present += 1;
      else features[column]!.nulls += 1;
    }
  }
}
