/** numpy's NaT as an integer: a time that is none. feast/type_map.py NULL_TIMESTAMP_INT_VALUE */
const NO_TIME = -(2n ** 63n);

const FIXED_OFFSET = /^(?:UTC|GMT)?([+-])(\d{2}):?(\d{2})$/;

/**
 * Python's `datetime.fromtimestamp(seconds, tz=zone).isoformat()` for a stored zone: an IANA name, `UTC`, an offset such as `UTC-07:00`, or nothing.
 * Undefined for no time. A zone that nobody knows counts as UTC, as in Feast.
 */
export function zonedIso(seconds: bigint, zone: string): string | undefined {
  if (seconds === NO_TIME) return undefined;
  const at = Number(seconds) * 1_000;
  const offset = offsetMinutes(at, zone);
  const local = new Date(at + offset * 60_000).toISOString().slice(0, 19);
  const size = Math.abs(offset);
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

function offsetMinutes(at: number, zone: string): number {
  const fixed = FIXED_OFFSET.exec(zone.trim());
  if (fixed) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3]));
  if (zone === '' || zone.trim() === 'UTC' || zone.trim() === 'GMT') return 0;
  try {
    // Intl tells a zone's wall clock, not its offset; the difference of the two clocks is the offset.
    const parts = new Intl.DateTimeFormat('en-US-u-hc-h23', {
      timeZone: zone,
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    }).formatToParts(at);
    const part = (type: string): number => Number(parts.find((it) => it.type === type)?.value);
    const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    return Math.round((wall - at) / 60_000);
  } catch {
    return 0;
  }
}
