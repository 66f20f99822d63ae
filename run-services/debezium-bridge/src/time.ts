/** `YYYY-MM-DD`, then optionally a time with up to nanoseconds, then optionally a zone. Years beyond four digits have a sign, as in Java. */
const ISO = /^([+-]?\d{4,9})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;

export type TimeFault = 'unreadable' | 'out-of-range';
export type Decoded = { readonly text: string } | { readonly fault: TimeFault };

const unreadable: Decoded = { fault: 'unreadable' };
/** What the wire, Parquet and BigQuery hold: years 0001 to 9999, microseconds. */
const outOfRange: Decoded = { fault: 'out-of-range' };

/** A timestamp as the wire has it: UTC, always six digits. A time without a zone is UTC, as Debezium's own are. */
export function wireTimestamp(text: string): Decoded {
  if (/^[+-]?infinity$/i.test(text)) return outOfRange;
  const match = ISO.exec(text);
  if (!match) return unreadable;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  if (year!.length !== 4 || year === '0000') return outOfRange;
  if (/[^0]/.test(fraction.slice(6))) return outOfRange;
  const micros = fraction.slice(0, 6).padEnd(6, '0');
  const seconds = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const instant = Date.parse(`${seconds}${isoZone(zone)}`);
  if (Number.isNaN(instant) || !existsOnCalendar(year!, month!, day!)) return unreadable;
  if (zone === 'Z') return { text: `${seconds}.${micros}Z` };
  const utc = new Date(instant).toISOString();
  return utc.length === 24 && !utc.startsWith('0000') ? { text: `${utc.slice(0, 19)}.${micros}Z` } : outOfRange;
}

/** A date as the wire has it. Debezium appends a zone that means nothing. */
export function wireDate(text: string): Decoded {
  if (/^[+-]?infinity$/i.test(text)) return outOfRange;
  const match = ISO.exec(text);
  if (!match || match[4] !== undefined) return unreadable;
  const [, year, month, day] = match;
  if (year!.length !== 4 || year === '0000') return outOfRange;
  return existsOnCalendar(year!, month!, day!) ? { text: `${year}-${month}-${day}` } : unreadable;
}

/** Microseconds since 1970 as the wire has a timestamp. */
export function timestampOfMicros(micros: number): string {
  const millis = Math.floor(micros / 1_000);
  const rest = String(micros - millis * 1_000).padStart(3, '0');
  return new Date(millis).toISOString().replace('Z', `${rest}Z`);
}

/** `+02` and `+0200` as Date.parse takes them. */
function isoZone(zone: string): string {
  if (zone === 'Z') return zone;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

/** Date.parse takes 30 February and makes it March. */
function existsOnCalendar(year: string, month: string, day: string): boolean {
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day);
}
