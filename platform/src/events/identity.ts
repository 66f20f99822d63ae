import { createHash } from 'node:crypto';

/** A field's value on the wire. docs/interfaces.md#wire-encoding-of-values-json */
export type WireValue = string | number | boolean | null;
/** A row on the wire; an absent field is an unchanged one. */
export type WireRow = Readonly<Record<string, WireValue>>;

/** https://cloud.google.com/pubsub/quotas#resource_limits: ordering keys of at most 1 KB. */
const MAX_ORDERING_KEY_BYTES = 1024;
/** Ids are 128 bits of SHA-256: 32 hex digits. */
const ID_HEX_DIGITS = 32;

/** The first 32 hex digits of the SHA-256 of the parts, joined by `|`. */
export function digestId(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  parts.forEach((part, index) => {
    if (index > 0) hash.update('|');
    hash.update(part);
  });
  return hash.digest('hex').slice(0, ID_HEX_DIGITS);
}

/** The key's JSON without white space, its fields in the order of the primary key; `null` for a truncate, which has no key. */
export function canonicalKey(key: WireRow | null, primaryKey: readonly string[]): string {
  if (key === null) return 'null';
  return `{${primaryKey.map((field) => `${JSON.stringify(field)}:${JSON.stringify(key[field] ?? null)}`).join(',')}}`;
}

/** Where a change was made: together with the operation this names it for ever. */
export interface ChangePosition {
  /** Debezium's topic.prefix. */
  readonly server: string;
  readonly schema: string;
  readonly table: string;
  /** Decimal. */
  readonly lsn: string;
  /** From `canonicalKey`. */
  readonly canonicalKey: string;
  readonly op: ChangeOp;
}

/** c create, u update, d delete, r snapshot read, t truncate. */
export type ChangeOp = 'c' | 'u' | 'd' | 'r' | 't';

/** The same for every replay of the same change. */
export function eventId(position: ChangePosition): string {
  return digestId([
    position.server,
    `${position.schema}.${position.table}`,
    position.lsn,
    position.canonicalKey,
    position.op,
  ]);
}

/** `<scope>:<key>`, or its SHA-256 in hex where the bus would refuse the length. */
export function orderingKey(scope: string, key: string): string {
  const text = `${scope}:${key}`;
  return Buffer.byteLength(text) <= MAX_ORDERING_KEY_BYTES ? text : createHash('sha256').update(text).digest('hex');
}

/** JSON with the members of every object sorted, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
