import { unavailable } from '../http/errors.ts';
import type { HashValues } from '../redis/store.ts';
import { formatMoment, readTimestamp } from '../redis/timestamp.ts';
import { writeValue } from '../redis/value-json.ts';
import { WireError } from '../redis/wire.ts';
import { type FeastValue, writeFeastValue } from '../value/feast-value.ts';
import { JsonWriter } from './json-writer.ts';
import type { Plan } from './plan.ts';

const EPOCH = '"1970-01-01T00:00:00Z"';

/** One writer for the process: an answer is written from beginning to end without a pause. */
const out = new JsonWriter();

/** `],"statuses":["PRESENT",…],"event_timestamps":[`, by number of rows. */
const PRESENT: (string | undefined)[] = [];
/** Longer ones are made anew: keeping them would be keeping what one caller once asked for. */
const MAX_KEPT_ROWS = 256;

function statuses(rows: number): string {
  const kept = PRESENT[rows];
  if (kept !== undefined) return kept;
  const words = Array.from({ length: rows }, () => '"PRESENT"').join(',');
  const text = `],"statuses":[${words}]${rows === 0 ? '' : ',"event_timestamps":['}`;
  if (rows <= MAX_KEPT_ROWS) PRESENT[rows] = text;
  return text;
}

export interface AnswerParts {
  readonly plan: Plan;
  readonly rows: number;
  /** Join keys that the request named, in its order. */
  readonly keys: ReadonlyMap<string, readonly (FeastValue | undefined)[]>;
  /** The values of each view for each row: those of the first view for the first row, then for the second … */
  readonly values: HashValues;
  readonly versionMetadata: boolean;
}

/**
 * The JSON of an answer, with members in the order in which Feast's server writes them.
 *
 * @throws {HttpError} ONLINE_STORE_UNAVAILABLE where what lies in Redis is not what Feast writes
 */
export function writeAnswer(parts: AnswerParts): Buffer {
  out.reset();
  try {
    return write(parts);
  } catch (error) {
    if (!(error instanceof WireError || error instanceof RangeError)) throw error;
    throw unavailable(
      'ONLINE_STORE_UNAVAILABLE',
      'The online store holds something that Feast did not write under these keys.',
      {
        cause: error,
      },
    );
  }
}

function write({ plan, rows, keys, values, versionMetadata }: AnswerParts): Buffer {
  const status = statuses(rows);
  out.ascii('{"results":[');
  let isFirst = true;
  for (const column of keys.values()) {
    out.ascii(isFirst ? '{"values":[' : ',{"values":[');
    isFirst = false;
    column.forEach((value, row) => {
      if (row > 0) out.byte(0x2c);
      writeFeastValue(out, value);
    });
    out.ascii(status);
    for (let row = 0; row < rows; row += 1) out.ascii(row === 0 ? EPOCH : `,${EPOCH}`);
    out.ascii(rows === 0 ? '}' : ']}');
  }
  const { bytes, index } = values;
  let base = 0;
  for (const { width } of plan.views) {
    const features = width - 1;
    // What stands between the values of two features is the same for all of a view: written once, then copied.
    let endFrom = 0;
    let endTo = 0;
    let openTo = 0;
    for (let feature = 0; feature < features; feature += 1) {
      if (feature < 2) {
        out.ascii(isFirst ? '{"values":[' : ',{"values":[');
        isFirst = false;
        openTo = out.length;
      }
      for (let row = 0; row < rows; row += 1) {
        if (row > 0) out.byte(0x2c);
        const at = (base + row * width + feature) * 2;
        const length = index[at + 1]!;
        if (length > 0) writeValue(out, bytes, index[at]!, index[at]! + length);
        else out.ascii('null');
      }
      if (feature === 0) {
        endFrom = out.length;
        out.ascii(status);
        writeTimes(bytes, index, base + features, width, rows);
        out.ascii(rows === 0 ? '}' : ']}');
        endTo = out.length;
      } else out.repeat(endFrom, feature === features - 1 ? endTo : openTo);
    }
    base += rows * width;
  }
  out.ascii('],"metadata":{"feature_names":[');
  writeNames(keys.keys(), plan);
  if (versionMetadata) writeVersions(plan);
  out.ascii('}}');
  return out.take();
}

function writeTimes(bytes: Buffer, index: readonly number[], first: number, width: number, rows: number): void {
  for (let row = 0; row < rows; row += 1) {
    if (row > 0) out.byte(0x2c);
    const at = (first + row * width) * 2;
    const length = index[at + 1]!;
    if (length <= 0) out.ascii(EPOCH);
    else {
      out.byte(0x22);
      out.ascii(formatMoment(readTimestamp(bytes, index[at]!, index[at]! + length)));
      out.byte(0x22);
    }
  }
}

function writeNames(keys: Iterable<string>, plan: Plan): void {
  let isFirst = true;
  for (const key of keys) {
    if (!isFirst) out.byte(0x2c);
    isFirst = false;
    out.string(key);
  }
  out.raw(isFirst ? plan.featureNamesJson.subarray(1) : plan.featureNamesJson);
  out.byte(0x5d);
}

function writeVersions({ views }: Plan): void {
  const versions = new Map<string, number>();
  for (const { cleanName, view } of views) if (!versions.has(cleanName)) versions.set(cleanName, view.version);
  const entries = [...versions].map(([name, version]) => JSON.stringify(version === 0 ? { name } : { name, version }));
  out.ascii(',"feature_view_metadata":[');
  out.raw(Buffer.from(entries.join(',')));
  out.byte(0x5d);
}
