import { type CompiledContract, type ContractField, sourceFields } from '@tributary/platform/contracts';
import type { WireRow, WireValue } from '@tributary/platform/events';
import type { DebeziumRow } from './envelope.ts';
import { nearestRepresentable } from './nearest.ts';
import { isUnavailable } from './unavailable.ts';
import { decodeValue, type Reading, type ValueFault } from './value.ts';

export interface DecodedRow {
  /** The contract's fields; those whose value is unchanged and unknown are absent. */
  readonly row: WireRow;
  /** Whether a large value was left out by Postgres: then required fields may be absent. */
  readonly partial: boolean;
  /** Columns no contract knows, as Debezium wrote them; undefined where there are none. */
  readonly unknown: DebeziumRow | undefined;
  /** The text of values that the warehouse cannot hold and the contract maps, by field; undefined where there are none. */
  readonly exact: Readonly<Record<string, string>> | undefined;
  /** The first field whose value cannot go on the wire; it is absent from `row`. */
  readonly fault: (ValueFault & { readonly field: string }) | undefined;
}

/** Decodes rows of one contract's table. */
export class RowDecoder {
  readonly #fields: ReadonlyMap<string, ContractField>;
  readonly #primaryKey: readonly string[];

  constructor(contract: CompiledContract) {
    this.#fields = new Map(sourceFields(contract).map((field) => [field.name, field]));
    this.#primaryKey = contract.primaryKey;
  }

  /** @throws {InexactNumber} see `decodeValue`. */
  decode(source: DebeziumRow, reading: Reading): DecodedRow {
    const row: Record<string, WireValue> = {};
    let partial = false;
    let unknown: Record<string, unknown> | undefined;
    let exact: Record<string, string> | undefined;
    let fault: DecodedRow['fault'];
    for (const [name, value] of Object.entries(source)) {
      const field = this.#fields.get(name);
      if (isUnavailable(value)) {
        partial = true;
      } else if (!field) {
        unknown ??= {};
        unknown[name] = value;
      } else {
        const decoded = decodeValue(field.type, value, reading);
        const mapped = 'value' in decoded ? decoded.value : mappedValue(field, value, decoded.fault);
        if (mapped === undefined) {
          fault ??= { field: name, ...(decoded as { fault: ValueFault }).fault };
          continue;
        }
        row[name] = mapped;
        if ('fault' in decoded) {
          exact ??= {};
          exact[name] = String(value);
        }
      }
    }
    return { row, partial, unknown, exact, fault };
  }

  /**
   * The row before a change. It is what the database held, so it is no place to complain: values that cannot go on the wire are absent.
   * Where the table's REPLICA IDENTITY is its key, Debezium writes null for every other column; those are not nulls but unknown.
   */
  decodeBefore(source: DebeziumRow, reading: Reading): Pick<DecodedRow, 'row' | 'unknown' | 'exact'> {
    const { row, unknown, exact } = this.decode(source, reading);
    const keyOnly = Object.entries(row).every(([name, value]) => value === null || this.#primaryKey.includes(name));
    return keyOnly ? { row: this.key(row), unknown: undefined, exact } : { row, unknown, exact };
  }

  /** The primary key's fields of a row, in key order. */
  key(row: WireRow): WireRow {
    return Object.fromEntries(this.#primaryKey.filter((name) => name in row).map((name) => [name, row[name]!]));
  }

  /** The first field of the key without a value. */
  missingKeyField(key: WireRow): string | undefined {
    return this.#primaryKey.find((name) => (key[name] ?? null) === null);
  }
}

/** What the contract says becomes of a value that the warehouse cannot hold; undefined where it is a fault. */
function mappedValue(field: ContractField, value: unknown, { reason }: ValueFault): WireValue | undefined {
  if (reason !== 'UNREPRESENTABLE' || field.onUnrepresentable === undefined) return undefined;
  return field.onUnrepresentable === 'null' ? null : nearestRepresentable(field.type, String(value));
}
