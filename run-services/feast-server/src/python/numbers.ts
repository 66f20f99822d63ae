import { PyFault } from './fault.ts';
import { repr } from './repr.ts';

/** A finite or non-finite float as Python's `repr` writes it: `1.0`, `1e-05`, `1e+16`, `nan`, `inf`. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (value === Number.POSITIVE_INFINITY) return 'inf';
  if (value === Number.NEGATIVE_INFINITY) return '-inf';
  return finiteRepr(value);
}

/** As `floatRepr`, of a finite value: what Python's `json.dumps` writes. */
export function finiteRepr(value: number): string {
  const size = value < 0 ? -value : value;
  // Both languages print the shortest digits that read back as the same number; they differ in when they turn to an exponent, and in its form.
  if (size < 1e16 && (size >= 1e-4 || size === 0)) {
    if (value === Math.trunc(value)) return `${size === 0 && Object.is(value, -0) ? '-0' : value}.0`;
    return String(value);
  }
  const text = value.toExponential();
  const mark = text.indexOf('e');
  const digits = text.slice(mark + 2);
  return `${text.slice(0, mark)}e${text[mark + 1]}${digits.length < 2 ? `0${digits}` : digits}`;
}

/** Python's `int(text)`: spaces around, underscores between digits, and the decimal digits of every script. */
const INT_TEXT = /^\s*([-+]?)(\p{Nd}+(?:_\p{Nd}+)*)\s*$/u;

/** @throws {PyFault} ValueError */
export function intOfText(text: string): bigint {
  const match = INT_TEXT.exec(text);
  if (!match) throw new PyFault('ValueError', `invalid literal for int() with base 10: ${repr(text)}`);
  let digits = '';
  for (const char of match[2]!) if (char !== '_') digits += decimalDigit(char);
  return match[1] === '-' ? -BigInt(digits) : BigInt(digits);
}

/** The value of a Unicode decimal digit. Each script has its ten in a row, from a code point that is no digit's second: Unicode 15, section 4.6. */
function decimalDigit(char: string): number {
  const code = char.codePointAt(0)!;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  let zero = code;
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return code - zero;
}

/** Python's `int(value)` of a float. @throws {PyFault} OverflowError or ValueError */
export function intOfFloat(value: number): bigint {
  if (Number.isNaN(value)) throw new PyFault('ValueError', 'cannot convert float NaN to integer');
  if (!Number.isFinite(value)) throw new PyFault('OverflowError', 'cannot convert float infinity to integer');
  return BigInt(Math.trunc(value));
}
