/** What a NUMERIC holds everywhere it goes: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types and DECIMAL(38,9) in Parquet. */
const MAX_INTEGER_DIGITS = 29;
const MAX_FRACTION_DIGITS = 9;

const LARGEST = `${'9'.repeat(MAX_INTEGER_DIGITS)}.${'9'.repeat(MAX_FRACTION_DIGITS)}`;

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

/**
 * The decimal number nearest to one that is `'too-long'` for {@link plainDecimal}: the largest there is, or rounded to nine places, halves away from zero.
 *
 * @param text of a decimal number, or of an infinity
 * @returns undefined for NaN, which is near nothing
 */
export function nearestDecimal(text: string): string | undefined {
  if (/nan/i.test(text)) return undefined;
  const sign = /^(-|negative)/i.test(text) ? '-' : '';
  const match = DECIMAL.exec(text);
  if (!match) return sign + LARGEST;
  const [, , whole = '', fraction = '', exponent = '0'] = match;
  const point = whole.length + Number(exponent);
  const digits = (whole + fraction).replace(/^0*/, '');
  const leadingZeros = whole.length + fraction.length - digits.length;
  if (point - leadingZeros > MAX_INTEGER_DIGITS) return sign + LARGEST;
  // Nothing that far behind the point rounds to anything but zero.
  if (point - leadingZeros < -MAX_FRACTION_DIGITS) return '0';
  const scaled = (whole + fraction).padEnd(point + MAX_FRACTION_DIGITS + 1, '0');
  const kept = scaled.slice(0, Math.max(point + MAX_FRACTION_DIGITS, 0));
  const rounded = (BigInt(kept || '0') + (scaled[kept.length]! >= '5' ? 1n : 0n)).toString();
  if (rounded.length > MAX_INTEGER_DIGITS + MAX_FRACTION_DIGITS) return sign + LARGEST;
  const padded = rounded.padStart(MAX_FRACTION_DIGITS + 1, '0');
  return plainDecimal(
    `${sign}${padded.slice(0, -MAX_FRACTION_DIGITS)}.${padded.slice(-MAX_FRACTION_DIGITS)}`,
  ) as string;
}
