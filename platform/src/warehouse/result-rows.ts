import type { Row } from './port.ts';
import { exactInteger } from './values.ts';

/** Of a result's schema. https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema */
export interface ResultField {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly fields?: readonly ResultField[];
}

interface RawRow {
  readonly f: readonly { readonly v: unknown }[];
}

/**
 * A row as the REST API gives it, in which every value is text, in the wire encoding of docs/interfaces.md#wire-encoding-of-values-json. Exact whatever the value.
 * Of columns that have the same name the last one counts.
 */
export function decodedRow(fields: readonly ResultField[], { f }: RawRow): Row {
  return Object.fromEntries(fields.map((field, index) => [field.name, decoded(field, f[index]?.v)]));
}

function decoded(field: ResultField, value: unknown): unknown {
  if (field.mode !== 'REPEATED') return scalar(field, value);
  // BigQuery does not tell NULL from an empty array.
  const elements = (value ?? []) as readonly { v: unknown }[];
  return elements.map(({ v }) => scalar(field, v));
}

function scalar(field: ResultField, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (field.fields) return decodedRow(field.fields, value as RawRow);
  const text = String(value);
  switch (field.type) {
    case 'INTEGER':
    case 'INT64':
      return exactInteger(text);
    case 'FLOAT':
    case 'FLOAT64':
      return float(text);
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return plainDecimal(text);
    case 'BOOLEAN':
    case 'BOOL':
      return text === 'true';
    case 'TIMESTAMP':
      return instant(text);
    default:
      // Text as it is: STRING, DATE, DATETIME, TIME, JSON, GEOGRAPHY, INTERVAL; BYTES are base64.
      return text;
  }
}

function float(text: string): number | string {
  const number = Number(text.replace(/^([+-]?)inf(inity)?$/i, '$1Infinity'));
  if (!Number.isFinite(number)) return String(number);
  // JSON has no negative zero.
  return Object.is(number, -0) ? '-0' : number;
}

/** A decimal without exponent, which BigQuery does not write, but stand-ins may. */
function plainDecimal(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d+)$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0');
  const at = Math.max(1, point);
  const left = padded.slice(0, at).replace(/^0+(?=\d)/, '');
  const right = padded.slice(at).replace(/0+$/, '');
  return `${sign}${left}${right ? `.${right}` : ''}`;
}

const MICROS = 1_000_000n;

/** Microseconds since the epoch, as `formatOptions.useInt64Timestamp` has them; the years 1 to 9999 are exact. */
function instant(text: string): string {
  const micros = BigInt(text);
  // Rounded down, also before 1970.
  const seconds = micros / MICROS - (micros % MICROS < 0n ? 1n : 0n);
  const rest = micros - seconds * MICROS;
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19)}.${String(rest).padStart(6, '0')}Z`;
}
