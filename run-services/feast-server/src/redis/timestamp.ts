import { WireCursor } from './wire.ts';

/** A moment as google.protobuf.Timestamp holds it. */
export interface Moment {
  readonly seconds: number;
  readonly nanos: number;
}

const cursor = new WireCursor();

/** Reads a google.protobuf.Timestamp. @throws {WireError} */
export function readTimestamp(bytes: Buffer, start: number, end: number): Moment {
  cursor.bytes = bytes;
  cursor.at = start;
  let seconds = 0;
  let nanos = 0;
  while (cursor.at < end) {
    const tag = cursor.varint32();
    if (tag === 8) {
      cursor.varint64();
      seconds = (cursor.high | 0) * 0x100000000 + cursor.low;
    } else if (tag === 16) nanos = cursor.varint32() | 0;
    else cursor.skip(tag & 7);
  }
  return { seconds, nanos };
}

/**
 * The moment as Feast's server prints it: through a Python datetime, so rounded to microseconds by way of a float
 * (feast/infra/online_stores/redis.py `_get_features_for_entity`), with 0, 3 or 6 digits of fraction (feature_server_utils.py `_timestamp_to_str`).
 */
export function formatMoment({ seconds, nanos }: Moment): string {
  const total = seconds + nanos / 1e9;
  let whole = Math.trunc(total);
  let micros = roundHalfEven((total - whole) * 1e6);
  if (micros < 0) {
    whole -= 1;
    micros += 1_000_000;
  }
  if (micros >= 1_000_000) {
    whole += 1;
    micros -= 1_000_000;
  }
  const base = textOfSecond(whole);
  if (micros === 0) return `${base}Z`;
  if (micros % 1_000 === 0) return `${base}.${String(micros / 1_000).padStart(3, '0')}Z`;
  return `${base}.${String(micros).padStart(6, '0')}Z`;
}

/** Texts of moments met lately, by seconds: rows that were put online together share them. Slots, not a map, so that it does not grow. */
const SLOTS = 1_024;
const keptSeconds = new Float64Array(SLOTS).fill(Number.NaN);
const keptTexts: string[] = new Array(SLOTS).fill('');

/** `2023-11-14T22:13:20`. @throws {RangeError} beyond what a date can be */
function textOfSecond(second: number): string {
  const slot = (second >>> 0) % SLOTS;
  if (keptSeconds[slot] === second) return keptTexts[slot]!;
  const text = new Date(second * 1_000).toISOString().slice(0, 19);
  keptSeconds[slot] = second;
  keptTexts[slot] = text;
  return text;
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
