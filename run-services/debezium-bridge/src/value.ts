import type { FieldType } from '@tributary/platform/contracts';
import type { WireValue } from '@tributary/platform/events';
import { plainDecimal } from './decimal.ts';
import { type Decoded, wireDate, wireTimestamp } from './time.ts';

/** A value that cannot go on the wire; it never holds the value itself. */
export type ValueFault =
  /** No value of the contract's type. */
  | { readonly reason: 'CONTRACT_VIOLATION'; readonly expected: string }
  /** A value of the type that the wire and the warehouse cannot hold. */
  | { readonly reason: 'UNREPRESENTABLE'; readonly expected: string };

export type DecodedValue = { readonly value: WireValue } | { readonly fault: ValueFault };

/** Thrown where a number may have lost digits in JSON.parse: the caller reads the event again, exactly. */
export class InexactNumber extends Error {}

/** How JSON was read: `plain` by JSON.parse, `exact` with integers beyond ±(2^53−1) as bigint, so that what is still a number is one. */
export type Reading = 'plain' | 'exact';

/** https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#integer_types */
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** What Debezium calls them where `decimal.handling.mode` is string. */
const NOT_FINITE = /^(nan|(positive_|negative_|[+-])?inf(inity)?)$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const wrongType = (expected: string): DecodedValue => ({ fault: { reason: 'CONTRACT_VIOLATION', expected } });
const unrepresentable = (expected: string): DecodedValue => ({ fault: { reason: 'UNREPRESENTABLE', expected } });

/**
 * A value as Debezium writes it (engine/…/Settings.java fixes how), in the wire encoding of docs/interfaces.md.
 *
 * @throws {InexactNumber} when the reading was plain and that matters here.
 */
export function decodeValue(type: FieldType, value: unknown, reading: Reading): DecodedValue {
  if (value === null) return { value: null };
  return DECODERS[type](value, reading);
}

const DECODERS: Readonly<Record<FieldType, (value: unknown, reading: Reading) => DecodedValue>> = {
  STRING: (value) => (typeof value === 'string' ? { value } : wrongType('text')),
  BOOL: (value) => (typeof value === 'boolean' ? { value } : wrongType('true or false')),
  INT64: int64,
  NUMERIC: numeric,
  FLOAT64: float64,
  TIMESTAMP: (value) =>
    typeof value === 'string' ? time(wireTimestamp(value), 'a timestamp') : wrongType('a timestamp'),
  DATE: (value) => (typeof value === 'string' ? time(wireDate(value), 'a date') : wrongType('a date')),
  BYTES: (value) => (typeof value === 'string' && BASE64.test(value) ? { value } : wrongType('bytes')),
  JSON: json,
};

function int64(value: unknown, reading: Reading): DecodedValue {
  refuseLostDigits(value, reading);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return { value };
  let whole: bigint;
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) whole = BigInt(value);
  // A numeric column may carry the integers; a whole number has nothing but zeros behind the point.
  else if (typeof value === 'string' && /^[+-]?\d+(\.0*)?$/.test(value))
    whole = BigInt(value.replace(/^\+|\..*$/g, ''));
  else return wrongType('a whole number');
  if (whole < INT64_MIN || whole > INT64_MAX) return unrepresentable('a whole number of 64 bits');
  const number = Number(whole);
  return { value: Number.isSafeInteger(number) ? number : whole.toString() };
}

function numeric(value: unknown, reading: Reading): DecodedValue {
  refuseLostDigits(value, reading);
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint')
    return wrongType('a decimal number');
  const text = String(value);
  if (NOT_FINITE.test(text)) return unrepresentable('a finite decimal number');
  const plain = plainDecimal(text);
  if (plain === undefined) return wrongType('a decimal number');
  if (plain === 'too-long') return unrepresentable('at most 29 digits before the point and 9 after');
  return { value: plain };
}

function float64(value: unknown): DecodedValue {
  // JSON.stringify would drop the sign.
  if (Object.is(value, -0)) return { value: '-0' };
  if (typeof value === 'number') return { value };
  if (typeof value === 'bigint') return { value: Number(value) };
  if (typeof value !== 'string') return wrongType('a number');
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return { value };
  const plain = plainDecimal(value);
  return plain === undefined ? wrongType('a number') : { value: Number(value) };
}

function time(decoded: Decoded, what: string): DecodedValue {
  if ('text' in decoded) return { value: decoded.text };
  return decoded.fault === 'unreadable'
    ? wrongType(what)
    : unrepresentable(`${what} in the years 0001 to 9999, to the microsecond`);
}

/** JSON columns arrive as text, arrays as JSON. */
function json(value: unknown, reading: Reading): DecodedValue {
  if (typeof value === 'string') {
    try {
      JSON.parse(value);
      return { value };
    } catch {
      return wrongType('JSON');
    }
  }
  return { value: jsonText(value, reading) };
}

/** JSON text of a value that may hold bigint. */
export function jsonText(value: unknown, reading: Reading): string {
  refuseLostDigits(value, reading);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map((item) => jsonText(item, reading)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).map(
      ([name, member]) => `${JSON.stringify(name)}:${jsonText(member, reading)}`,
    );
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** @throws {InexactNumber} where the reading was plain and the value an integer that JSON.parse may have rounded. */
export function refuseLostDigits(value: unknown, reading: Reading): void {
  if (reading === 'plain' && typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new InexactNumber();
  }
}
