/** What a NUMERIC holds everywhere it goes: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types and DECIMAL(38,9) in Parquet. */
const MAX_INTEGER_DIGITS = 29;
const MAX_FRACTION_DIGITS = 9;

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/;

/**
 * A decimal number in plain notation: no exponent, no plus sign, no leading zeros, no minus zero. The digits after the point stay as they came
 * (`12.50` is not `12.5`) unless they are too many and zero.
 *
 * @returns undefined where the text is no decimal number; `'too-long'` where it is one that NUMERIC cannot hold.
 */
export function plainDecimal(text: string): string | 'too-long' | undefined {
  const match = DECIMAL.exec(text);
  if (!match || (!match[2] && !match[3])) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent);
  if (Math.abs(shift) > MAX_INTEGER_DIGITS + MAX_FRACTION_DIGITS + text.length) {
    return /^0*$/.test(whole + fraction) ? '0' : 'too-long';
  }
  const digits = whole + fraction;
  const point = whole.length + shift;
  const padded = point < 0 ? '0'.repeat(-point) + digits : digits.padEnd(point, '0');
  const integer = padded.slice(0, Math.max(point, 0)).replace(/^0+/, '') || '0';
  let decimals = padded.slice(Math.max(point, 0));
  if (decimals.length > MAX_FRACTION_DIGITS) {
    if (/[^0]/.test(decimals.slice(MAX_FRACTION_DIGITS))) return 'too-long';
    decimals = decimals.slice(0, MAX_FRACTION_DIGITS);
  }
  if (integer !== '0' && integer.length > MAX_INTEGER_DIGITS) return 'too-long';
  const plain = decimals === '' ? integer : `${integer}.${decimals}`;
  return sign === '-' && /[1-9]/.test(plain) ? `-${plain}` : plain;
}
