/** NUMERIC has nine places; an INT64 has none. */
const PLACES = 9;

/** Compares two decimal texts exactly: negative where `a` is less. Both must be `-?digits[.digits]` with at most nine places. */
export function compareDecimals(a: string, b: string): number {
  const difference = scaled(a) - scaled(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function scaled(text: string): bigint {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(`${whole}${fraction.padEnd(PLACES, '0')}`);
}
