import { PyFault } from '../python/fault.ts';
import { PyFloat, type PyValue } from '../python/json.ts';
import { repr } from '../python/repr.ts';

export const MIN_INT64 = -(2n ** 63n);
export const MAX_INT64 = 2n ** 63n - 1n;

/** Python's name of a value's type. */
export function typeName(value: PyValue): string {
  if (value === null) return 'NoneType';
  if (value instanceof PyFloat) return 'float';
  if (Array.isArray(value)) return 'list';
  switch (typeof value) {
    case 'string':
      return 'str';
    case 'boolean':
      return 'bool';
    case 'object':
      return 'dict';
    default:
      return 'int';
  }
}

const FLOAT_TEXT = /^[-+]?(?:(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][-+]?\d+(?:_\d+)*)?)$/;

/** Python's `float(text)`. @throws {PyFault} ValueError */
export function toFloatText(text: string): number {
  const trimmed = text.trim();
  const special = /^([-+]?)(?:(inf|infinity)|nan)$/i.exec(trimmed);
  if (special) return special[2] === undefined ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
  if (!FLOAT_TEXT.test(trimmed)) throw new PyFault('ValueError', `could not convert string to float: ${repr(text)}`);
  return Number(trimmed.replaceAll('_', ''));
}
