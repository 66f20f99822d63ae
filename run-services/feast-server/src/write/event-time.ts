import { PyFault } from '../python/fault.ts';
import { PyFloat, type PyValue } from '../python/json.ts';
import type { Moment } from '../redis/timestamp.ts';

/** ISO 8601, which is what JSON writers write. pandas takes many other forms too, by guessing; here they are refused. */
const ISO =
  /^\s*(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9})\d*)?)?\s*(Z|z|UTC|[-+]\d{2}(?::?\d{2})?)?)?\s*$/;

/**
 * A row's event time as `pd.to_datetime` and protobuf's `FromDatetime` make it: to the microsecond, UTC where there is no offset. Numbers are nanoseconds
 * since 1970.
 *
 * @throws {PyFault} ValueError where it is no time
 */
export function toMoment(value: PyValue, row: number): Moment {
  if (typeof value === 'number' || typeof value === 'bigint') return ofNanos(BigInt(value));
  if (value instanceof PyFloat && Number.isFinite(value.value)) return ofNanos(BigInt(Math.trunc(value.value)));
  if (typeof value !== 'string') throw new PyFault('ValueError', 'NaTType does not support utctimetuple');
  const match = ISO.exec(value);
  if (!match) throw noTime(value, row);
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = ''] = match;
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const isReal =
    new Date(at).getUTCDate() === Number(day) &&
    Number(month) <= 12 &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60;
  if (!isReal) throw noTime(value, row);
  const offset = /^([-+])(\d{2}):?(\d{2})?$/.exec(zone);
  const offsetSeconds = offset
    ? (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 3600 + Number(offset[3] ?? 0) * 60)
    : 0;
  return { seconds: at / 1_000 - offsetSeconds, nanos: Number(fraction.slice(0, 6).padEnd(6, '0')) * 1_000 };
}

function noTime(text: string, row: number): PyFault {
  return new PyFault('ValueError', `Unknown datetime string format, unable to parse: ${text}, at position ${row}`);
}

function ofNanos(total: bigint): Moment {
  const micros = total / 1_000n - (total % 1_000n < 0n ? 1n : 0n);
  const seconds = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n);
  return { seconds: Number(seconds), nanos: Number(micros - seconds * 1_000_000n) * 1_000 };
}
