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

const FRESH = 0;
const MISSING = 1;
const EXPIRED = 2;

/** What each row of the view at hand is; kept, and made longer when it has to be. */
let states = new Uint8Array(128);

/** Rows first, then column by column with sums in local numbers: to count into the objects at each value costs several times as much. */
function observe(
  { view, features }: Counted,
  { width, view: { ttlSeconds } }: PlannedView,
  { bytes, index }: ReadAnswer['values'],
  base: number,
  rows: number,
  now: number,
): void {
  if (states.length < rows) states = new Uint8Array(rows * 2);
  let missing = 0;
  let expired = 0;
  const first = base * 2;
  const stride = width * 2;
  for (let row = 0, time = first + stride - 2; row < rows; row += 1, time += stride) {
    const length = index[time + 1]!;
    if (length < 0) {
      states[row] = MISSING;
      missing += 1;
      continue;
    }
    const { seconds } = readTimestamp(bytes, index[time]!, index[time]! + length);
    view.staleness.observe(now - seconds);
    const isExpired = ttlSeconds > 0 && seconds + ttlSeconds < now;
    states[row] = isExpired ? EXPIRED : FRESH;
    if (isExpired) expired += 1;
  }
  const fresh = rows - missing - expired;
  for (let column = 0; column < features.length; column += 1) {
    let present = 0;
    // A null that was pushed, and a feature that was never written, have no bytes.
    for (let row = 0, length = first + column * 2 + 1; row < rows; row += 1, length += stride) {
      if (index[length]! > 0 && states[row] === FRESH) present += 1;
    }
    const counts = features[column]!;
    counts.present += present;
    counts.nulls += fresh - present;
    counts.missing += missing;
    counts.expired += expired;
  }
}
