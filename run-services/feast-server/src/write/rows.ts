import type { ErasedSubjects } from '@tributary/platform/erasures';
import { PyFault } from '../python/fault.ts';
import { PyFloat, type PyValue } from '../python/json.ts';
import { repr } from '../python/repr.ts';
import { EntityKeyEncoder } from '../redis/entity-key.ts';
import { featureField } from '../redis/murmur3.ts';
import type { ViewDefinition } from '../registry/definitions.ts';
import { encodeValue } from '../value/encode.ts';
import type { FeastValue } from '../value/feast-value.ts';
import { toValues } from '../value/from-python.ts';
import { toKeyPart } from '../value/key-part.ts';
import type { RowToWrite } from './compare-and-set.ts';
import { type DataFrame, throughArrow } from './dataframe.ts';
import { toMoment } from './event-time.ts';
import { isOfErased } from './without-erased.ts';

/** What is to be written of one view. */
export interface Rows {
  readonly rows: readonly RowToWrite[];
  /** How many are not among them because they are about somebody who was erased. */
  readonly heldBack: number;
}

const NONE: Rows = { rows: [], heldBack: 0 };

/**
 * The rows of one view in a data frame (feast/utils.py `_convert_arrow_fv_to_proto`); none where there is nothing to write, which Feast only warns of.
 *
 * @param erased whose rows are held back; a frame that cannot be written is refused all the same
 * @throws {PyFault} as Feast fails
 */
export function toRows(view: ViewDefinition, frame: DataFrame, project: string, erased?: ErasedSubjects): Rows {
  if (frame.rows === 0 || frame.columns.size === 0) return NONE;
  const names = view.features.map(({ name }) => name);
  const missing = names.filter((name) => !frame.columns.has(name));
  if (missing.length > 0) {
    const list = `[${missing.map(repr).join(', ')}]`;
    const text =
      missing.length === names.length
        ? `None of [Index(${list}, dtype='object')] are in the [columns]`
        : `${list} not in index`;
    throw new PyFault('KeyError', repr(text));
  }
  if (names.length > 0 && names.every((name) => frame.columns.get(name)!.every(isNull))) return NONE;
  const source = view.batchSource;
  if (!source)
    throw new PyFault(
      'ValueError',
      `Feature view '${view.name}' has no batch_source and cannot be converted to proto.`,
    );
  const columns = new Map<string, readonly PyValue[]>();
  for (const [name, values] of frame.columns)
    columns.set(source.fieldMapping.get(name) ?? name, throughArrow(name, values));
  const converted = new Map<string, readonly (FeastValue | undefined)[]>();
  for (const { name, type } of [...view.features, ...view.entityColumns]) {
    const column = columns.get(name);
    if (!column) throw new PyFault('ValueError', `Column ${name} not found in table`);
    converted.set(name, toValues(column, type));
  }
  const times = columns.get(source.timestampField);
  if (!times) throw new PyFault('KeyError', repr(`Field "${source.timestampField}" does not exist in schema`));
  const moments = times.map((time, row) => toMoment(time, row));
  const created = source.createdTimestampColumn;
  if (created !== '' && !columns.has(created))
    throw new PyFault('KeyError', repr(`Field "${created}" does not exist in schema`));

  const keyNames = view.entityColumns.map(({ name }) => name);
  const encoder = new EntityKeyEncoder(keyNames, project);
  const fields = names.map((name) => featureField(view.name, name));
  const all = moments.map((time, row) => ({
    key: encoder.encode(keyNames.map((name) => toKeyPart(keyValue(converted.get(name)![row])))),
    time,
    fields: names.flatMap((name, at) => [fields[at]!, encodeValue(converted.get(name)![row])]),
  }));
  if (erased === undefined || erased.isEmpty) return { rows: all, heldBack: 0 };
  const rows = all.filter((_, row) => !isOfErased(converted, row, erased));
  return { rows, heldBack: all.length - rows.length };
}

function keyValue(value: FeastValue | undefined): FeastValue {
  if (value) return value;
  throw new PyFault('ValueError', 'Value type not supported for feast feature store: ');
}

function isNull(value: PyValue): boolean {
  return value === null || (value instanceof PyFloat && Number.isNaN(value.value));
}
