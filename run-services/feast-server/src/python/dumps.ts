import { PyFault } from './fault.ts';
import { PyFloat, type PyValue } from './json.ts';
import { finiteRepr } from './numbers.ts';

interface DumpsOptions {
  /** NaN and Infinity by these names, which Python reads; they are not JSON. */
  readonly allowNan?: boolean;
}

/** JSON as Starlette's JSONResponse writes it, of a value that a request held. @throws {PyFault} where a float is not finite, unless that is allowed */
export function dumps(value: PyValue, options: DumpsOptions = {}): string {
  if (value instanceof PyFloat) {
    if (Number.isFinite(value.value)) return finiteRepr(value.value);
    if (options.allowNan) return String(value.value);
    const name = Number.isNaN(value.value) ? 'nan' : value.value > 0 ? 'inf' : '-inf';
    throw new PyFault('ValueError', `Out of range float values are not JSON compliant: ${name}`);
  }
  if (Array.isArray(value)) return `[${value.map((item) => dumps(item, options)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${dumps(item, options)}`)
      .join(',')}}`;
  }
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}
