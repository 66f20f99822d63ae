import { type CompiledContract, type ContractField, carriedFields } from '../contract.ts';

export interface Expectation {
  /** Great Expectations' name of it. */
  readonly type: string;
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/**
 * What every complete row of a stream satisfies, as Great Expectations has it. Each gate adds its own and says which rows are complete:
 * in staging a delete, a truncate or an unchanged TOAST field leaves nulls.
 */
export function expectationsOf(contract: CompiledContract): readonly Expectation[] {
  return carriedFields(contract).flatMap(ofField);
}

function ofField(field: ContractField): Expectation[] {
  const column = field.name;
  const expectations: Expectation[] = [{ type: 'expect_column_to_exist', kwargs: { column } }];
  if (field.required) expectations.push({ type: 'expect_column_values_to_not_be_null', kwargs: { column } });
  if (field.enum)
    expectations.push({ type: 'expect_column_values_to_be_in_set', kwargs: { column, value_set: field.enum } });
  if (field.min !== undefined || field.max !== undefined) {
    expectations.push({
      type: 'expect_column_values_to_be_between',
      kwargs: {
        column,
        ...(field.min === undefined ? {} : { min_value: field.min }),
        ...(field.max === undefined ? {} : { max_value: field.max }),
      },
    });
  }
  if (field.pattern !== undefined) {
    expectations.push({ type: 'expect_column_values_to_match_regex', kwargs: { column, regex: field.pattern } });
  }
  return expectations;
}
