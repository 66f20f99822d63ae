import { type CompiledContract, type Contracts, type RowValidator, rowValidator } from '@tributary/platform/contracts';
import {
  type ChangeEvent,
  canonicalKey,
  type DeadLetterInput,
  type DeadLetterReason,
  digestId,
  eventId,
  UNKNOWN_STREAM,
  type WireRow,
} from '@tributary/platform/events';
import { type PiiKeys, protectRow, seal } from '@tributary/platform/pii';
import type { BatchElement } from './batch.ts';
import { type Change, type DebeziumRow, readEnvelope } from './envelope.ts';
import { RowDecoder } from './row.ts';
import { InexactNumber, jsonText, type Reading } from './value.ts';

/** What becomes of one element of a batch. */
export type Translation =
  | {
      readonly kind: 'change';
      readonly event: ChangeEvent;
      readonly primaryKey: readonly string[];
      readonly unknownColumns: readonly string[];
    }
  | { readonly kind: 'dead-letter'; readonly letter: DeadLetterInput }
  | { readonly kind: 'ignored'; readonly what: string };

interface Stream {
  readonly contract: CompiledContract;
  readonly decoder: RowDecoder;
  readonly validate: RowValidator;
}

/**
 * Turns Debezium's envelopes into change events: decoded, checked against the contract, personal values replaced. What cannot become one turns
 * into a dead letter; nothing vanishes. Pure: the same element gives the same ids and the same bytes, save for `ingestedAt`.
 */
export class Translator {
  readonly #streams: ReadonlyMap<string, Stream>;
  readonly #keys: PiiKeys;

  constructor(contracts: Contracts, keys: PiiKeys) {
    this.#keys = keys;
    this.#streams = new Map(
      [...contracts.values()].map((contract) => [
        `${contract.table.schema}.${contract.table.name}`,
        { contract, decoder: new RowDecoder(contract), validate: rowValidator(contract) },
      ]),
    );
  }

  /** Whether a contract has the column, given as `<stream>.<column>`. */
  knows(column: string): boolean {
    return [...this.#streams.values()].some(({ contract: { stream, fields } }) =>
      fields.some(({ name, lookup }) => !lookup && `${stream}.${name}` === column),
    );
  }

  /** @param ingestedAt in the wire encoding. */
  translate(element: BatchElement, ingestedAt: string): Translation {
    try {
      return this.#translate(element, element.value, 'plain', ingestedAt);
    } catch (error) {
      if (!(error instanceof InexactNumber)) throw error;
      return this.#translate(element, element.exact(), 'exact', ingestedAt);
    }
  }

  #translate(element: BatchElement, value: unknown, reading: Reading, ingestedAt: string): Translation {
    const envelope = readEnvelope(value, reading);
    if (envelope.kind === 'ignored') return envelope;
    if (envelope.kind === 'unreadable') {
      const message = `This is no change event of Debezium: ${envelope.problem}.`;
      return this.#deadLetter(element, {
        eventId: null,
        stream: UNKNOWN_STREAM,
        reason: 'UNREADABLE',
        message,
        source: null,
      });
    }
    const { change } = envelope;
    const stream = this.#streams.get(`${change.source.schema}.${change.source.table}`);
    if (!stream) {
      return this.#deadLetter(element, {
        eventId: this.#idWithoutKey(change, reading),
        stream: UNKNOWN_STREAM,
        reason: 'UNKNOWN_STREAM',
        message: `No contract has table ${change.source.schema}.${change.source.table}; add one to contracts/, or take the table out of the publication.`,
        source: change.source,
      });
    }
    return change.op === 't'
      ? truncate(change, stream.contract, ingestedAt)
      : this.#row(element, change, stream, reading, ingestedAt);
  }

  #row(
    element: BatchElement,
    change: Change,
    { contract, decoder, validate }: Stream,
    reading: Reading,
    ingestedAt: string,
  ): Translation {
    const before = change.before === null ? null : decoder.decodeBefore(change.before, reading);
    const after = change.after === null ? null : decoder.decode(change.after, reading);
    const clearKey = decoder.key(after?.row ?? before!.row);
    const missingKeyField = decoder.missingKeyField(clearKey);
    const key = protectRow(contract, clearKey, this.#keys);
    const id =
      missingKeyField === undefined
        ? idOf(change, canonicalKey(key, contract.primaryKey))
        : this.#idWithoutKey(change, reading);
    const refuse = (reason: DeadLetterReason, message: string, field: string): Translation =>
      this.#deadLetter(element, {
        eventId: id,
        stream: contract.stream,
        reason,
        message,
        field,
        source: change.source,
      });

    if (after?.fault) {
      const { field, reason, expected } = after.fault;
      return refuse(reason, `${field} is not ${expected}.`, field);
    }
    if (missingKeyField !== undefined) {
      return refuse(
        'CONTRACT_VIOLATION',
        `${missingKeyField} is part of the primary key and has no value.`,
        missingKeyField,
      );
    }
    const violation = after && validate(after.row, after.partial ? 'partial' : 'complete');
    if (violation) return refuse('CONTRACT_VIOLATION', withoutValue(violation), violation.field);

    const protect = (row: WireRow): Record<string, string | number | boolean | null> => ({
      ...protectRow(contract, row, this.#keys),
    });
    const unknown = {
      ...(before?.unknown && { before: before.unknown }),
      ...(after?.unknown && { after: after.unknown }),
    };
    const exact = { ...(before?.exact && { before: before.exact }), ...(after?.exact && { after: after.exact }) };
    const unknownColumns = Object.keys({ ...before?.unknown, ...after?.unknown });
    return {
      kind: 'change',
      event: {
        event_id: id,
        stream: contract.stream,
        op: change.op,
        key: { ...key },
        before: before && protect(before.row),
        after: after && protect(after.row),
        source: change.source,
        ingested_at: ingestedAt,
        contract_version: contract.version,
        ...(Object.keys(exact).length > 0 && { exact }),
        ...(unknownColumns.length > 0 && { unknown: seal(Buffer.from(jsonText(unknown, reading)), this.#keys) }),
      },
      primaryKey: contract.primaryKey,
      unknownColumns: unknownColumns.map((column) => `${contract.stream}.${column}`),
    };
  }

  #deadLetter(element: BatchElement, input: Omit<DeadLetterInput, 'stage' | 'payload' | 'sealed'>): Translation {
    const payload = Buffer.from(seal(Buffer.from(element.text()), this.#keys));
    return { kind: 'dead-letter', letter: { ...input, stage: 'bridge', payload, sealed: true } };
  }

  /**
   * An id for a change whose key is not known. Several rows may share a position (COPY), so the rows themselves take the key's place:
   * sealed, for an unkeyed hash of a person's data could be guessed. The rest of the envelope differs between replays.
   */
  #idWithoutKey(change: Change, reading: Reading): string {
    const rows: readonly (DebeziumRow | null)[] = [change.before, change.after];
    return idOf(change, digestId([seal(Buffer.from(jsonText(rows, reading)), this.#keys)]));
  }
}

function truncate(change: Change, contract: CompiledContract, ingestedAt: string): Translation {
  return {
    kind: 'change',
    event: {
      event_id: idOf(change, canonicalKey(null, contract.primaryKey)),
      stream: contract.stream,
      op: 't',
      key: null,
      before: null,
      after: null,
      source: change.source,
      ingested_at: ingestedAt,
      contract_version: contract.version,
    },
    primaryKey: contract.primaryKey,
    unknownColumns: [],
  };
}

function idOf(change: Change, key: string): string {
  const { schema, table, lsn } = change.source;
  return eventId({ server: change.server, schema, table, lsn, canonicalKey: key, op: change.op });
}

/** The validator quotes values of fields that are not personal. A row that breaks its contract may hold anything anywhere, so only the rule is told. */
function withoutValue({ field, message }: { field: string; message: string }): string {
  const expected = message.slice(message.lastIndexOf('; expected ') + 2);
  return `${field} breaks its contract: ${expected}`;
}
