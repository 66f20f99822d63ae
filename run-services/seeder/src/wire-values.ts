/**
 * Texts of the input read exactly, without a float in between, into the wire encoding of docs/interfaces.md. Each function returns null for what it cannot read.
 */

/** bigint in Postgres, INT64 in BigQuery. */
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
/** Money is `numeric(18,4)` in the application's tables; more digits would be rounded silently. */
const NUMERIC_INTEGER_DIGITS = 14;
const NUMERIC_SCALE = 4;

const INTEGER = /^([+-]?)0*(\d+?)(?:\.0*)?$/;
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;
const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?Z?$/;

/** An integer within INT64; `17850.0`, as tables of floats print it, is the integer 17850. A decimal string beyond ±(2^53−1). */
export function readInteger(text: string): number | string | null {
  const match = INTEGER.exec(text.trim());
  if (!match) return null;
  const value = BigInt(match[2]!) * (match[1] === '-' ? -1n : 1n);
  if (value > INT64_MAX || value < INT64_MIN) return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** A decimal that fits `numeric(18,4)` exactly, without exponent and without needless zeros: `2.10` and `21e-1` are `2.1`. */
export function readDecimal(text: string): string | null {
  const match = DECIMAL.exec(text.trim());
  if (!match) return null;
  const whole = match[2]!;
  const fraction = match[3] ?? '';
  if (whole === '' && fraction === '') return null;
  const digits = whole + fraction;
  const point = whole.length + Number(match[4] ?? 0);
  const integer = digits.slice(0, Math.max(point, 0)).padEnd(point, '0').replace(/^0+/, '');
  const scale = (point < 0 ? '0'.repeat(-point) : '').concat(digits.slice(Math.max(point, 0))).replace(/0+$/, '');
  if (integer.length > NUMERIC_INTEGER_DIGITS || scale.length > NUMERIC_SCALE) return null;
  const magnitude = `${integer || '0'}${scale && `.${scale}`}`;
  return match[1] === '-' && magnitude !== '0' ? `-${magnitude}` : magnitude;
}

/** Whether a decimal that `readDecimal` returned is above zero. */
export function isPositive(decimal: string): boolean {
  return decimal !== '0' && !decimal.startsWith('-');
}

/** A moment: its wire text (UTC, six digits) and its microseconds since the epoch. */
export interface Moment {
  readonly text: string;
  readonly micros: number;
}

/** `2010-12-01 08:26[:00[.123456]]`, with a blank or a `T`, read as UTC. A day that no calendar has is not read. */
export function readMoment(text: string): Moment | null {
  const match = TIMESTAMP.exec(text.trim());
  if (!match) return null;
  const [, year, month, day, hour, minute, second = '00', fraction = ''] = match;
  const seconds = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const millis = Date.parse(`${seconds}Z`);
  // Date.parse takes 31 February for 3 March, and 24:00 for the next day.
  if (Number.isNaN(millis) || !new Date(millis).toISOString().startsWith(seconds)) return null;
  const micros = fraction.padEnd(6, '0');
  return { text: `${seconds}.${micros}Z`, micros: millis * 1000 + Number(micros) };
}

/** The moment of microseconds since the epoch, within the years 1 to 9999 that a TIMESTAMP covers. */
export function momentOf(micros: number): Moment {
  const millis = Math.floor(micros / 1000);
  const text = new Date(millis).toISOString();
  return { text: `${text.slice(0, -1)}${String(micros - millis * 1000).padStart(3, '0')}Z`, micros };
}

/** Text that Postgres can store: no NUL and no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}
