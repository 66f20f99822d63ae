/** Relative difference up to which two doubles count as equal; sums are exact before they become doubles. */
const RATIO_TOLERANCE = 1e-9;

export interface Difference {
  readonly key: string;
  readonly column: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

export interface Comparison {
  readonly rows: number;
  readonly differences: readonly Difference[];
}

type Row = Readonly<Record<string, unknown>>;

/** Which columns are compared exactly, as decimals, and which as doubles. */
export interface Columns {
  readonly exact: readonly string[];
  readonly doubles: readonly string[];
}

/** Compares two sets of rows by key, both ways: a row that only one side has is a difference too. */
export function compareRows(
  expected: ReadonlyMap<string, Row>,
  actual: ReadonlyMap<string, Row>,
  columns: Columns,
): Comparison {
  const differences: Difference[] = [];
  for (const [key, row] of expected) {
    const other = actual.get(key);
    if (other === undefined) {
      differences.push({ key, column: '(row)', expected: 'a row', actual: 'none' });
      continue;
    }
    for (const column of columns.exact) {
      if (canonical(row[column]) !== canonical(other[column]))
        differences.push({ key, column, expected: row[column], actual: other[column] });
    }
    for (const column of columns.doubles) {
      if (!sameDouble(row[column], other[column]))
        differences.push({ key, column, expected: row[column], actual: other[column] });
    }
  }
  for (const key of actual.keys()) {
    if (!expected.has(key)) differences.push({ key, column: '(row)', expected: 'none', actual: 'a row' });
  }
  return { rows: expected.size, differences };
}

/** One text for equal exact values, however a driver wraps them: 12.50, "12.5" and {value: "12.5"} are the same number. */
function canonical(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  const text = String(typeof value === 'object' && 'value' in value ? value.value : value);
  if (!/^-?\d+(\.\d+)?$/.test(text)) return text;
  const negative = text.startsWith('-');
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const trimmed = fraction.replace(/0+$/, '');
  const number = `${whole.replace(/^0+(?=\d)/, '')}${trimmed === '' ? '' : `.${trimmed}`}`;
  return negative && number !== '0' ? `-${number}` : number;
}

function sameDouble(expected: unknown, actual: unknown): boolean {
  const [a, b] = [toNumber(expected), toNumber(actual)];
  if (a === null || b === null) return a === b;
  return Math.abs(a - b) <= RATIO_TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b));
}

function toNumber(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  return Number(typeof value === 'object' && 'value' in value ? value.value : value);
}
