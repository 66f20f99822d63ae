import type { FieldType } from '@tributary/platform/contracts';
import type { WireValue } from '@tributary/platform/events';
import { nearestDecimal } from './decimal.ts';
import { wireTimestamp } from './time.ts';

/** How Debezium writes a date of `infinity` in the log and in a snapshot; no real date is either. */
const INFINITE_DATES = ['-5877611-06-21Z', '+292278994-08-16Z'];

const FIRST_DATE = '0001-01-01';
const LAST_DATE = '9999-12-31';

/**
 * The value nearest to one that is UNREPRESENTABLE as its type.
 *
 * @param text the value's own
 * @returns undefined where nothing is near: NaN
 */
export function nearestRepresentable(type: FieldType, text: string): WireValue | undefined {
  switch (type) {
    case 'INT64':
      return text.startsWith('-') ? '-9223372036854775808' : '9223372036854775807';
    case 'NUMERIC':
      return nearestDecimal(text);
    case 'DATE':
      return isBeforeAll(text) ? FIRST_DATE : LAST_DATE;
    case 'TIMESTAMP': {
      // Only too fine: cut to microseconds.
      const cut = wireTimestamp(text.replace(/(\.\d{6})\d+/, '$1'));
      if ('text' in cut) return cut.text;
      return isBeforeAll(text) ? `${FIRST_DATE}T00:00:00.000000Z` : `${LAST_DATE}T23:59:59.999999Z`;
    }
    default:
      return undefined;
  }
}

/** Years before 1; and the year 1 where its zone makes it less. */
function isBeforeAll(text: string): boolean {
  return !INFINITE_DATES.includes(text) && /^(-|0000|0001)/.test(text);
}
