import { PyFault } from './fault.ts';
import { PyFloat, type PyValue } from './json.ts';
import { finiteRepr } from './numbers.ts';

/** JSON as Starlette's JSONResponse writes it, of a value that a request held. @throws {PyFault} where a float is not finite */
export function dumps(value: PyValue): string {
  if (value instanceof PyFloat) {
    if (Number.isFinite(value.value)) return finiteRepr(value.value);
    const name = Number.isNaN(value.value) ? 'nan' : value.value > 0 ? 'inf' : '-inf';
    throw new PyFault('ValueError', `Out of range float values are not JSON compliant: ${name}`);
  }
  if (Array.isArray(value)) return `[${value.map(dumps).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${dumps(item)}`)
      .join(',')}}`;
  }
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}
