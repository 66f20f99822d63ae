import type { PlannedView } from '../online/plan.ts';
import type { HashValues } from '../redis/store.ts';
import { type Moment, readTimestamp } from '../redis/timestamp.ts';

/** What is known of a view's rows in an answer, by row. */
export interface ViewFreshness {
  /** Undefined: the store has no row of the entity. */
  readonly moments: readonly (Moment | undefined)[];
  readonly expired: readonly boolean[];
  readonly oldest: Moment | undefined;
  readonly newest: Moment | undefined;
}

/**
 * Reads the event times of a view's rows, and which are older than the view's ttl. A ttl of zero means for ever, as in Feast.
 *
 * @param base where the view's values begin among those read
 * @param nowSeconds since 1970
 */
export function freshnessOf(
  { view, width }: PlannedView,
  { bytes, index }: HashValues,
  base: number,
  rows: number,
  nowSeconds: number,
): ViewFreshness {
  const moments: (Moment | undefined)[] = [];
  const expired: boolean[] = [];
  let oldest: Moment | undefined;
  let newest: Moment | undefined;
  for (let row = 0; row < rows; row += 1) {
    const at = (base + row * width + width - 1) * 2;
    const length = index[at + 1]!;
    // An empty Timestamp is 1970; a field that is not there is -1.
    const moment = length < 0 ? undefined : readTimestamp(bytes, index[at]!, index[at]! + length);
    moments.push(moment);
    expired.push(
      moment !== undefined && view.ttlSeconds > 0 && moment.seconds + moment.nanos / 1e9 + view.ttlSeconds < nowSeconds,
    );
    if (moment === undefined) continue;
    if (oldest === undefined || isBefore(moment, oldest)) oldest = moment;
    if (newest === undefined || isBefore(newest, moment)) newest = moment;
  }
  return { moments, expired, oldest, newest };
}

function isBefore(a: Moment, b: Moment): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}
