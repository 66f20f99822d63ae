import { unavailable } from '../http/errors.ts';
import type { ReadAnswer } from '../online/get-online-features.ts';
import { JsonWriter } from '../online/json-writer.ts';
import type { PlannedView } from '../online/plan.ts';
import { formatMoment, type Moment } from '../redis/timestamp.ts';
import { writeValue } from '../redis/value-json.ts';
import { WireError } from '../redis/wire.ts';
import { writeFeastValue } from '../value/feast-value.ts';
import { freshnessOf, type ViewFreshness } from './freshness.ts';

const EPOCH = '1970-01-01T00:00:00Z';

/** `feast.types.Value` with `null_val` alone: field 19, a varint. */
const NULL_TAG = [0x98, 0x01] as const;

/** feast/protos/feast/serving/ServingService.proto, FieldStatus. */
type Status = 'PRESENT' | 'NULL_VALUE' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';

/** One writer for the process: an answer is written from beginning to end without a pause. */
const out = new JsonWriter();

/**
 * The JSON of an answer with strict semantics. Its shape is Feast's, so Feast's clients read it; what differs:
 *
 * - a value's status is NOT_FOUND where the store has no row of the entity, OUTSIDE_MAX_AGE where its row is older than the view's ttl, NULL_VALUE where the row
 *   has none; only PRESENT comes with a value;
 * - `metadata.freshness`, parallel to `metadata.feature_names`: null for a join key, else the view, the oldest and newest event time of its rows, and its ttl.
 *
 * @param now seconds since 1970
 * @throws {HttpError} ONLINE_STORE_UNAVAILABLE where what lies in Redis is not what Feast writes
 */
export function writeStrictAnswer(answer: ReadAnswer, now: number): Buffer {
  out.reset();
  try {
    return write(answer, now);
  } catch (error) {
    if (!(error instanceof WireError || error instanceof RangeError)) throw error;
    throw unavailable(
      'ONLINE_STORE_UNAVAILABLE',
      'The online store holds something that Feast did not write under these keys.',
      { cause: error },
    );
  }
}

function write({ plan, rows, keys, values, fullFeatureNames }: ReadAnswer, now: number): Buffer {
  const names: string[] = [];
  const freshness: string[] = [];
  out.ascii('{"results":[');
  for (const [name, column] of keys) {
    if (names.length > 0) out.ascii(',');
    names.push(name);
    freshness.push('null');
    out.ascii('{"values":[');
    column.forEach((value, row) => {
      if (row > 0) out.ascii(',');
      writeFeastValue(out, value);
    });
    tail(
      rows,
      () => 'PRESENT',
      () => EPOCH,
    );
  }
  let base = 0;
  for (const planned of plan.views) {
    const fresh = freshnessOf(planned, values, base, rows, now);
    const described = describe(planned, fresh);
    planned.features.forEach((feature, column) => {
      if (names.length > 0) out.ascii(',');
      names.push(fullFeatureNames ? `${planned.nameInUse}__${feature}` : feature);
      freshness.push(described);
      writeFeature(planned.width, column, base, rows, values, fresh);
    });
    base += rows * planned.width;
  }
  out.ascii('],"metadata":{"feature_names":');
  out.raw(Buffer.from(JSON.stringify(names)));
  out.ascii(',"freshness":[');
  out.raw(Buffer.from(freshness.join(',')));
  out.ascii(']}}');
  return out.take();
}

function writeFeature(
  width: number,
  column: number,
  base: number,
  rows: number,
  { bytes, index }: ReadAnswer['values'],
  { moments, expired }: ViewFreshness,
): void {
  const statuses: Status[] = [];
  out.ascii('{"values":[');
  for (let row = 0; row < rows; row += 1) {
    if (row > 0) out.ascii(',');
    const at = (base + row * width + column) * 2;
    const [from, length] = [index[at]!, index[at + 1]!];
    const status = statusOf(moments[row], expired[row]!, bytes, from, length);
    statuses.push(status);
    if (status === 'PRESENT') writeValue(out, bytes, from, from + length);
    else out.ascii('null');
  }
  tail(
    rows,
    (row) => statuses[row]!,
    (row) => (moments[row] === undefined ? EPOCH : formatMoment(moments[row])),
  );
}

function statusOf(moment: Moment | undefined, expired: boolean, bytes: Buffer, from: number, length: number): Status {
  if (moment === undefined) return 'NOT_FOUND';
  if (expired) return 'OUTSIDE_MAX_AGE';
  const isNull = length <= 0 || (bytes[from] === NULL_TAG[0] && bytes[from + 1] === NULL_TAG[1]);
  return isNull ? 'NULL_VALUE' : 'PRESENT';
}

function tail(rows: number, status: (row: number) => string, time: (row: number) => string): void {
  out.ascii('],"statuses":[');
  for (let row = 0; row < rows; row += 1) out.ascii(`${row > 0 ? ',' : ''}"${status(row)}"`);
  out.ascii('],"event_timestamps":[');
  for (let row = 0; row < rows; row += 1) out.ascii(`${row > 0 ? ',' : ''}"${time(row)}"`);
  out.ascii(']}');
}

function describe({ cleanName, view }: PlannedView, { oldest, newest }: ViewFreshness): string {
  return JSON.stringify({
    feature_view: cleanName,
    oldest_event_timestamp: oldest === undefined ? null : formatMoment(oldest),
    newest_event_timestamp: newest === undefined ? null : formatMoment(newest),
    max_age_seconds: view.ttlSeconds > 0 ? view.ttlSeconds : null,
  });
}
