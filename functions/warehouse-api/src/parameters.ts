import type { QueryParameter } from '@tributary/platform/warehouse';
import type { Declaration, Parameter } from './declaration.ts';
import { apiError } from './errors.ts';

/** As it came: text of a query string, or a value of JSON. */
export type Given = Readonly<Record<string, unknown>>;

/**
 * The parameters of a query as BigQuery gets them, each in one spelling, so that the same request is the same job.
 *
 * @throws {UserError} PARAMETER_INVALID naming the parameter and what it has to be.
 */
export function parametersOf(
  { name, parameters }: Pick<Declaration, 'name' | 'parameters'>,
  given: Given,
): QueryParameter[] {
  const unknown = Object.keys(given).find((each) => !Object.hasOwn(parameters, each));
  if (unknown !== undefined) {
    const known = Object.keys(parameters).join(', ') || 'none';
    throw wrong(unknown.slice(0, 100), `it is not a parameter of ${name}; there are: ${known}`);
  }
  return Object.entries(parameters).map(([parameter, declared]) => {
    const value = given[parameter] ?? declared.default;
    if (value === undefined || value === null) {
      if (declared.required) throw wrong(parameter, `it is missing; ${expectation(declared)}`);
      return { name: parameter, type: declared.type, value: declared.array ? [] : null };
    }
    return {
      name: parameter,
      type: declared.type,
      value: declared.array ? list(parameter, declared, value) : text(parameter, declared, value),
    };
  });
}

function list(parameter: string, declared: Parameter, value: unknown): string[] {
  const values = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [value];
  if (values.length > declared.maxItems)
    throw wrong(parameter, `it has ${values.length} values; ${expectation(declared)}`);
  return values.map((each) => text(parameter, declared, each));
}

function text(parameter: string, declared: Parameter, value: unknown): string {
  const given = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  // A number of JSON beyond 2^53 has lost digits on its way.
  const isExact =
    typeof value !== 'number' || declared.type === 'FLOAT64' || Number.isSafeInteger(value) || !Number.isInteger(value);
  const normal = typeof given === 'string' && isExact ? NORMAL[declared.type](given.trim(), given) : undefined;
  if (normal === undefined || !fits(declared, normal)) throw wrong(parameter, expectation(declared));
  return normal;
}

/** One spelling of each value; undefined where the text is none of that type. */
const NORMAL: Readonly<Record<Parameter['type'], (trimmed: string, given: string) => string | undefined>> = {
  // As it is, save for what no text of ours holds.
  STRING: (_, given) => (given.includes('\0') ? undefined : given),
  INT64: (value) => {
    if (!/^[+-]?\d{1,19}$/.test(value)) return undefined;
    const number = BigInt(value.replace('+', ''));
    return number >= -(2n ** 63n) && number < 2n ** 63n ? String(number) : undefined;
  },
  FLOAT64: (value) =>
    value !== '' && Number.isFinite(Number(value)) && !/^[+-]?0[xob]/i.test(value) ? String(Number(value)) : undefined,
  // https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types
  NUMERIC: (value) => (/^-?\d{1,29}(\.\d{1,9})?$/.test(value) ? value.replace(/^(-?)0+(?=\d)/, '$1') : undefined),
  BOOL: (value) => (/^(true|false)$/i.test(value) ? value.toLowerCase() : undefined),
  DATE: (value) => (isDate(value) ? value : undefined),
  TIMESTAMP: (value) => instant(value),
};

function isDate(value: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(value) || value < '0001-01-01') return false;
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}

const TIMESTAMP = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/i;

/** RFC 3339 with a zone, as UTC with six digits. */
function instant(value: string): string | undefined {
  const [, date, time, fraction = '', zone] = TIMESTAMP.exec(value) ?? [];
  if (date === undefined || !isDate(date)) return undefined;
  const parsed = new Date(`${date}T${time}${zone!.toUpperCase()}`);
  if (Number.isNaN(parsed.getTime()) || !/^\d{4}-/.test(parsed.toISOString())) return undefined;
  return `${parsed.toISOString().slice(0, 19)}.${fraction.padEnd(6, '0')}Z`;
}

function fits({ type, min, max, maxLength, pattern, enum: options }: Parameter, value: string): boolean {
  if (type === 'STRING') {
    if (value.length > maxLength) return false;
    if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test(value)) return false;
  }
  if (options !== undefined && !options.includes(value)) return false;
  return (min === undefined || !isLess(type, value, min)) && (max === undefined || !isLess(type, max, value));
}

function isLess(type: Parameter['type'], a: string, b: string): boolean {
  if (type === 'INT64') return BigInt(a) < BigInt(b);
  if (type === 'FLOAT64' || type === 'NUMERIC') return Number(a) < Number(b);
  return a < b;
}

const TYPES: Readonly<Record<Parameter['type'], string>> = {
  STRING: 'text',
  INT64: 'a whole number (beyond 2^53 as text)',
  FLOAT64: 'a number',
  NUMERIC: 'a decimal number with at most 9 digits after the point, as text',
  BOOL: 'true or false',
  DATE: 'a day, YYYY-MM-DD',
  TIMESTAMP: 'a time with its zone, such as 2026-11-21T05:20:02Z',
};

/** For people: what the parameter has to be. */
export function expectation(declared: Parameter): string {
  const { type, array, maxItems, min, max, maxLength, pattern, enum: options } = declared;
  const limits = [
    ...(options ? [`one of ${options.join(', ')}`] : []),
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(type === 'STRING' ? [`at most ${maxLength} characters`] : []),
    ...(pattern === undefined ? [] : [`of the form ${pattern}`]),
    ...(array ? [`up to ${maxItems} of them, comma-separated or a JSON array`] : []),
  ];
  return `expected ${TYPES[type]}${limits.length > 0 ? `: ${limits.join(', ')}` : ''}`;
}

function wrong(parameter: string, problem: string): Error {
  return apiError('PARAMETER_INVALID', `The parameter ${parameter} is wrong: ${problem}.`);
}
