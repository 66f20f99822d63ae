import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { CompiledContract, ContractField } from './contract.ts';
import { compareDecimals } from './decimal.ts';
import { jsonSchemaOf } from './json-schema.ts';

/** The first field of a row that breaks its contract. */
export interface Violation {
  readonly field: string;
  /** What is expected and, unless the field is personal, what was found. */
  readonly message: string;
}

/** `complete`: required fields must be there. `partial`: absent ones are unchanged (an update), and only the key must be there. */
export type Completeness = 'complete' | 'partial';

export type RowValidator = (row: unknown, completeness?: Completeness) => Violation | undefined;

const DECIMAL = /^-?\d+(\.\d{1,9})?$/;

/** So much of a value is enough to find it. */
const MAX_QUOTED = 80;

/**
 * A validator of rows in the wire encoding, before or after PII is replaced. It returns the first violation, or undefined where there is none.
 */
export function rowValidator(contract: CompiledContract): RowValidator {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true });
  formats.default(ajv);
  ajv.addKeyword({
    keyword: 'x-minimum',
    type: 'string',
    validate: (limit: string, value: string) => isWithin(value, limit, 1),
  });
  ajv.addKeyword({
    keyword: 'x-maximum',
    type: 'string',
    validate: (limit: string, value: string) => isWithin(value, limit, -1),
  });
  const schema = jsonSchemaOf(contract);
  const validators = {
    complete: ajv.compile(schema),
    partial: ajv.compile({ ...schema, $id: `${String(schema.$id)}:partial`, required: contract.primaryKey }),
  };
  const fields = new Map(contract.fields.map((field) => [field.name, field]));
  return (row, completeness = 'complete') => {
    const validate = validators[completeness];
    return validate(row) ? undefined : explain(validate.errors![0]!, row, fields, contract.stream);
  };
}

/** A text that is no decimal number is the pattern's to refuse. */
function isWithin(value: string, limit: string, direction: 1 | -1): boolean {
  return !DECIMAL.test(value) || compareDecimals(value, limit) * direction >= 0;
}

function explain(
  error: ErrorObject,
  row: unknown,
  fields: ReadonlyMap<string, ContractField>,
  stream: string,
): Violation {
  if (error.keyword === 'required') {
    const field = String(error.params.missingProperty);
    return { field, message: `${field} is absent; expected ${expectation(fields.get(field))}.` };
  }
  if (error.keyword === 'additionalProperties') {
    const field = String(error.params.additionalProperty);
    return {
      field,
      message: `${field} is not in the contract of ${stream}; add it to contracts/${stream}.odcs.yaml or remove the column.`,
    };
  }
  const name = error.instancePath.slice(1);
  const field = fields.get(name);
  if (!field) return { field: '', message: `The row of ${stream} is not an object.` };
  const value = (row as Record<string, unknown>)[name];
  // That a required field is null tells nothing about a person.
  const found = value === null ? 'null' : field.pii === 'none' ? quote(value) : `a value of class ${field.pii}`;
  return { field: name, message: `${name} is ${found}; expected ${expectation(field)}.` };
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= MAX_QUOTED ? text : `${text.slice(0, MAX_QUOTED)}…`;
}

function expectation(field: ContractField | undefined): string {
  if (!field) return 'a value';
  const rules = [
    field.enum && `one of ${field.enum.join(', ')}`,
    field.min !== undefined && `at least ${field.min}`,
    field.max !== undefined && `at most ${field.max}`,
    field.pattern !== undefined && `matching ${field.pattern}`,
  ].filter(Boolean);
  return [field.type, ...rules, field.required ? 'not null' : 'or null'].join(', ');
}
