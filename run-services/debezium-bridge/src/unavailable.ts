import { createHash } from 'node:crypto';

/** https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-property-unavailable-value-placeholder */
const PLACEHOLDER = '__debezium_unavailable_value';

/** The placeholder as Debezium writes it for each kind of column (its UnchangedToastedPlaceholder). */
const FORMS: ReadonlySet<string> = new Set([
  PLACEHOLDER,
  Buffer.from(PLACEHOLDER).toString('base64'),
  // hstore as JSON text
  JSON.stringify({ [PLACEHOLDER]: PLACEHOLDER }),
]);

const ARRAY_FORMS: ReadonlySet<string> = new Set([
  JSON.stringify([PLACEHOLDER]),
  JSON.stringify([Buffer.from(PLACEHOLDER).toString('base64')]),
  // integer arrays: the placeholder's bytes
  JSON.stringify([...Buffer.from(PLACEHOLDER)]),
  JSON.stringify([nameUuid(PLACEHOLDER)]),
]);

/**
 * Whether Debezium says that it does not know the value: a large (TOAST) value that an update did not touch is not in Postgres' log, unless the
 * table has REPLICA IDENTITY FULL. Never to be taken for a value.
 */
export function isUnavailable(value: unknown): boolean {
  if (typeof value === 'string') return FORMS.has(value);
  if (!Array.isArray(value) || (value.length !== 1 && value.length !== PLACEHOLDER.length)) return false;
  return typeof value[0] !== 'object' && typeof value[0] !== 'bigint' && ARRAY_FORMS.has(JSON.stringify(value));
}

/** Java's UUID.nameUUIDFromBytes: MD5 with the version and variant of RFC 9562 section 5.3. */
function nameUuid(name: string): string {
  const bytes = createHash('md5').update(name).digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x30;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
