import type { Row } from './port.ts';

/** Column types whose text the client wraps in an object of its own. */
interface Wrapped {
  readonly value: string;
}

/** A decimal of the client's (big.js). */
interface Decimal {
  toFixed(): string;
}

/**
 * A row of query results in the wire encoding of docs/interfaces.md#wire-encoding-of-values-json, exact whatever the value: INT64 is a number up to
 * ±(2^53−1) and a decimal string beyond; NUMERIC is a decimal string; TIMESTAMP is text with six digits and Z; DATE, DATETIME and TIME are text; BYTES is
 * base64; FLOAT64 is a number, or "NaN", "Infinity", "-Infinity"; JSON is its text. Arrays and structs hold the same.
 */
export function wireRow<T extends Row>(row: Row): T {
  return wireValue(row) as T;
}

/** For the client's `wrapIntegers`: numbers where they are exact, else their digits. */
export function exactInteger(digits: string): number | string {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : digits;
}

function wireValue(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object') return value;
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(wireValue);
  if (typeof (value as Partial<Decimal>).toFixed === 'function') return (value as Decimal).toFixed();
  if (isWrapped(value)) return value.constructor.name === 'BigQueryTimestamp' ? sixDigits(value.value) : value.value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, wireValue(field)]));
}

/** A struct may have a field called value as well, but then it is a plain object. */
function isWrapped(value: object): value is Wrapped {
  return value.constructor !== Object && typeof (value as Partial<Wrapped>).value === 'string';
}

/** `2026-11-21T05:20:02.1Z`, or without or with more digits, as `2026-11-21T05:20:02.100000Z`. BigQuery keeps microseconds. */
function sixDigits(timestamp: string): string {
  const match = /^(.*T\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/.exec(timestamp);
  return match ? `${match[1]}.${(match[2] ?? '').padEnd(6, '0').slice(0, 6)}Z` : timestamp;
}
