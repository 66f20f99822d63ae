import { type CompiledContract, type ContractField, sourceFields } from './contract.ts';

/** https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#integer_types */
const INT64_MIN = '-9223372036854775808';
const INT64_MAX = '9223372036854775807';

const TIMESTAMP_PATTERN =
  '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{6}Z$';
/** https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types: 29 digits before the point, 9 after. */
const NUMERIC_PATTERN = '^-?(0|[1-9]\\d{0,28})(\\.\\d{1,9})?$';
const INTEGER_PATTERN = '^(0|-?[1-9]\\d{0,18})$';
const BASE64_PATTERN = '^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$';

type Schema = Record<string, unknown>;

/**
 * JSON Schema 2020-12 of one complete row in the wire encoding. `x-minimum` and `x-maximum` bound numbers that are written as text,
 * which the standard has no word for. Fields of class `drop` are described, for the bridge sees them, but never required; fields that are looked up
 * are not described, for a row that has one did not come from where it says.
 */
export function jsonSchemaOf(contract: CompiledContract): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:tributary:schema:${contract.stream}:${contract.version}`,
    title: contract.stream,
    description: contract.description,
    type: 'object',
    properties: Object.fromEntries(sourceFields(contract).map((field) => [field.name, describe(field)])),
    required: contract.fields.filter((field) => field.required && field.pii !== 'drop').map((field) => field.name),
    additionalProperties: false,
  };
}

function describe(field: ContractField): Schema {
  const branches = branchesOf(field);
  if (!field.required) branches.push({ type: 'null' });
  return { description: field.description, ...(branches.length === 1 ? branches[0] : { anyOf: branches }) };
}

function branchesOf(field: ContractField): Schema[] {
  switch (field.type) {
    case 'STRING':
      return [
        {
          type: 'string',
          ...(field.enum ? { enum: field.enum } : {}),
          ...(field.pattern === undefined ? {} : { pattern: field.pattern }),
        },
      ];
    case 'INT64':
      return [
        {
          type: 'integer',
          minimum: Math.max(field.min ?? Number.MIN_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
          maximum: Math.min(field.max ?? Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
        },
        {
          type: 'string',
          pattern: INTEGER_PATTERN,
          'x-minimum': field.min === undefined ? INT64_MIN : decimalText(field.min),
          'x-maximum': field.max === undefined ? INT64_MAX : decimalText(field.max),
        },
      ];
    case 'NUMERIC':
      return [
        {
          type: 'string',
          pattern: NUMERIC_PATTERN,
          ...(field.min === undefined ? {} : { 'x-minimum': decimalText(field.min) }),
          ...(field.max === undefined ? {} : { 'x-maximum': decimalText(field.max) }),
        },
      ];
    case 'FLOAT64':
      return [
        {
          type: 'number',
          ...(field.min === undefined ? {} : { minimum: field.min }),
          ...(field.max === undefined ? {} : { maximum: field.max }),
        },
        // A bound excludes what cannot be compared with it.
        ...(field.min === undefined && field.max === undefined ? [{ enum: ['NaN', 'Infinity', '-Infinity'] }] : []),
        ...((field.min ?? 0) <= 0 && (field.max ?? 0) >= 0 ? [{ const: '-0' }] : []),
      ];
    case 'BOOL':
      return [{ type: 'boolean' }];
    case 'TIMESTAMP':
      return [{ type: 'string', format: 'date-time', pattern: TIMESTAMP_PATTERN }];
    case 'DATE':
      return [{ type: 'string', format: 'date' }];
    case 'BYTES':
      return [{ type: 'string', contentEncoding: 'base64', pattern: BASE64_PATTERN }];
    case 'JSON':
      return [{ type: 'string', contentMediaType: 'application/json' }];
  }
}

/** A number's shortest decimal text, without exponent. NUMERIC has nine places. */
function decimalText(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(9).replace(/\.?0+$/, '') : text;
}
