import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { ROOT } from '../../config/index.ts';
import { compileContract } from './compile.ts';

interface Property {
  name: string;
  [member: string]: unknown;
}
interface Draft {
  version: string;
  slaProperties: unknown[];
  schema: { name: string; customProperties: unknown[]; properties: Property[] }[];
  [member: string]: unknown;
}

const ORDERS = readFileSync(new URL('contracts/orders.odcs.yaml', ROOT), 'utf8');
const CUSTOMERS = readFileSync(new URL('contracts/customers.odcs.yaml', ROOT), 'utf8');

/** The real contract of orders with one thing changed. */
function altered(change: (draft: Draft, field: (name: string) => Property) => void): string {
  const draft = parse(ORDERS) as Draft;
  change(draft, (name) => draft.schema[0]!.properties.find((property) => property.name === name)!);
  return stringify(draft);
}

const pii = (value: string, ...more: unknown[]) => [{ property: 'pii', value }, ...more];

describe('retention', () => {
  const kept = (...slaProperties: object[]) =>
    compileContract(
      'orders.odcs.yaml',
      altered((draft) => draft.slaProperties.push(...slaProperties)),
    ).retentionDays;
  const of = (value: unknown, unit: string, element?: string) => ({ property: 'retention', value, unit, element });

  test('is said for each layer that differs from the default', () => {
    expect(kept(of(2, 'y', 'raw'), of('forever', 'd', 'quarantine'), of(30, 'd', 'staging'))).toEqual({
      raw: 730,
      processed: 400,
      deadLetter: 90,
      quarantine: null,
      staging: 30,
    });
  });

  test.each([
    ['no layer', [of(2, 'y')], /element is missing; name what is kept so long: one of raw, processed, dead-letter/],
    ['an unknown layer', [of(2, 'y', 'marts')], /element is marts/],
    ['a layer twice', [of(2, 'y', 'raw'), of(1, 'y', 'raw')], /retention of raw: is said twice/],
    ['a part of a day', [of(0.5, 'd', 'raw')], /retention of raw: say whole days or years/],
    ['hours', [of(48, 'h', 'raw')], /say whole days or years/],
  ])('is refused with %s', (_, slaProperties, message) => {
    expect(() => kept(...slaProperties)).toThrow(message);
  });
});

describe('a contract', () => {
  test('is compiled to exactly what it declares', () => {
    const contract = compileContract('orders.odcs.yaml', ORDERS);
    expect(contract).toMatchObject({
      stream: 'orders',
      version: '1.0.0',
      table: { schema: 'shop', name: 'orders' },
      primaryKey: ['order_id'],
      eventTime: 'order_time',
      freshnessSeconds: 300,
    });
    expect(contract.fields.map(({ name, type, required }) => `${name} ${type}${required ? '' : '?'}`)).toEqual([
      'order_id STRING',
      'customer_id INT64?',
      'kind STRING',
      'status STRING',
      'country STRING?',
      'order_time TIMESTAMP',
      'updated_at TIMESTAMP',
    ]);
    expect(contract.fields[3]!.enum).toEqual(['placed', 'shipped', 'delivered', 'cancelled']);
  });

  test.each([
    ['array', 'text[]', 'JSON'],
    ['array', 'numeric(10,2)[][]', 'JSON'],
    ['object', 'hstore', 'JSON'],
    ['number', 'money', 'NUMERIC'],
    ['string', 'numeric', 'STRING'],
    ['string', 'interval', 'STRING'],
    ['timestamp', 'timestamp', 'TIMESTAMP'],
  ])('a column of logical type %s and physical type %s is %s', (logicalType, physicalType, expected) => {
    const text = altered((_draft, field) => Object.assign(field('country'), { logicalType, physicalType }));
    expect(compileContract('orders.odcs.yaml', text).fields.find(({ name }) => name === 'country')!.type).toBe(
      expected,
    );
  });

  test('says what becomes of a value that the warehouse cannot hold', () => {
    const rule = (name: string, value: string, more: object = {}) =>
      altered((_draft, field) =>
        Object.assign(field(name), { customProperties: [{ property: 'unrepresentable', value }], ...more }),
      );
    const compiled = (name: string, value: string) =>
      compileContract('orders.odcs.yaml', rule(name, value)).fields.find((field) => field.name === name)!;
    expect(compiled('customer_id', 'null').onUnrepresentable).toBe('null');
    expect(compiled('updated_at', 'clamp').onUnrepresentable).toBe('clamp');
    expect(compiled('updated_at', 'reject')).not.toHaveProperty('onUnrepresentable');
    for (const [name, value, problem] of [
      ['order_id', 'clamp', 'every STRING is representable'],
      ['order_time', 'clamp', 'must be reject for a key, the event time'],
      ['updated_at', 'null', 'makes nulls of a required field'],
      ['updated_at', 'round', 'onUnrepresentable'],
    ] as const) {
      expect(() => compileContract('orders.odcs.yaml', rule(name, value))).toThrow(problem);
    }
    const key = rule('order_id', 'clamp', { logicalType: 'integer', physicalType: 'bigint' });
    expect(() => compileContract('orders.odcs.yaml', key)).toThrow('must be reject for a key');
  });

  test('classes of personal fields are carried over', () => {
    const classes = compileContract('customers.odcs.yaml', CUSTOMERS).fields.map(({ name, pii: of, maskKeep }) => [
      name,
      of,
      maskKeep,
    ]);
    expect(classes).toEqual([
      ['customer_id', 'none', undefined],
      ['name', 'tokenize', undefined],
      ['email', 'tokenize', undefined],
      ['phone', 'tokenize', undefined],
      ['ip', 'mask', 'ipv4_prefix16'],
      ['address', 'drop', undefined],
      ['country', 'none', undefined],
      ['created_at', 'none', undefined],
      ['updated_at', 'none', undefined],
    ]);
  });

  test('a key of several fields is in key order', () => {
    const text = altered((_draft, field) => {
      field('order_id').primaryKeyPosition = 2;
      Object.assign(field('kind'), { primaryKey: true, primaryKeyPosition: 1 });
    });
    expect(compileContract('orders.odcs.yaml', text).primaryKey).toEqual(['kind', 'order_id']);
  });

  test.each<[string, Parameters<typeof altered>[0], string]>([
    [
      'another version of the standard',
      (draft) => Object.assign(draft, { apiVersion: 'v3.0.2' }),
      'apiVersion: expected v3.1.0',
    ],
    ['a stream named unlike its file', (draft) => Object.assign(draft.schema[0]!, { name: 'x' }), 'call it "orders"'],
    [
      'a table without its schema',
      (draft) => Object.assign(draft.schema[0]!, { physicalName: 'orders' }),
      'schema.table',
    ],
    [
      'a version that is none',
      (draft) => Object.assign(draft, { version: '1' }),
      'version: expected a version such as 1.0.0',
    ],
    ['no freshness', (draft) => Object.assign(draft, { slaProperties: [] }), 'say how fresh the stream is'],
    [
      'a field without a description',
      (_draft, field) => delete field('kind').description,
      'field kind, description: expected a description',
    ],
    [
      'a type no one can carry',
      (_draft, field) => Object.assign(field('kind'), { physicalType: 'tsvector' }),
      'field kind: logicalType string with physicalType tsvector',
    ],
    [
      'an unenforced rule',
      (_draft, field) => Object.assign(field('customer_id'), { logicalTypeOptions: { exclusiveMinimum: 0 } }),
      'use minimum or maximum',
    ],
    [
      'a name that needs quotes',
      (_draft, field) => Object.assign(field('kind'), { name: 'Kind' }),
      'field Kind, name: expected a lower-case name',
    ],
    [
      'a field declared twice',
      (_draft, field) => Object.assign(field('kind'), { name: 'status' }),
      'field status: is declared twice',
    ],
    [
      'a class there is not',
      (_draft, field) => Object.assign(field('country'), { customProperties: pii('hash') }),
      'field country, pii: Invalid option',
    ],
    [
      'a mask that keeps nothing it knows',
      (_draft, field) => Object.assign(field('country'), { customProperties: pii('mask') }),
      'maskKeep is ipv4_prefix16 or last2',
    ],
    [
      'a token of a number',
      (_draft, field) => Object.assign(field('customer_id'), { customProperties: pii('tokenize') }),
      'its type must be string',
    ],
    [
      'a dropped key',
      (_draft, field) => Object.assign(field('order_id'), { customProperties: pii('drop') }),
      'use tokenize',
    ],
    [
      'valid values of a tokenized field',
      (_draft, field) => Object.assign(field('kind'), { customProperties: pii('tokenize') }),
      'leave them out',
    ],
    [
      'a broken pattern',
      (_draft, field) => Object.assign(field('country'), { logicalTypeOptions: { pattern: '(' } }),
      'not a regular expression',
    ],
    [
      'a lookup that does not say by which field',
      (_draft, field) =>
        Object.assign(field('country'), {
          customProperties: [{ property: 'lookup', value: { stream: 'customers', field: 'country' } }],
        }),
      'field country, lookup.by: ',
    ],
    ['no key', (_draft, field) => delete field('order_id').primaryKey, 'primaryKey'],
    [
      'an event time that is no time',
      (draft) => Object.assign(draft.schema[0]!, { customProperties: [{ property: 'eventTime', value: 'kind' }] }),
      'eventTime kind: name a required timestamp',
    ],
    [
      'valid values that may be broken',
      (_draft, field) => Object.assign((field('kind').quality as object[])[0]!, { mustBe: 3 }),
      'say mustBe: 0',
    ],
  ])('%s is refused by file, place and remedy', (_name, change, message) => {
    expect(() => compileContract('orders.odcs.yaml', altered(change))).toThrow(
      expect.objectContaining({ code: 'CONTRACT_INVALID', message: expect.stringContaining(message) }),
    );
    expect(() => compileContract('orders.odcs.yaml', altered(change))).toThrow(/^orders\.odcs\.yaml: /);
  });

  test('YAML that cannot be read is refused by line', () => {
    expect(() => compileContract('orders.odcs.yaml', 'kind: DataContract\nschema: [\n')).toThrow(
      /^orders\.odcs\.yaml: line \d/,
    );
  });
});
