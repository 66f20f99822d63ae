import { describe, expect, test } from '@jest/globals';
import type { CompiledContract, ContractField } from '../contract.ts';
import { checkLookups } from './lookups.ts';

const plain = (name: string, type: ContractField['type'], required = false): ContractField => ({
  name,
  type,
  required,
  pii: 'none',
  description: `The ${name}.`,
});

function contract(stream: string, fields: readonly ContractField[], primaryKey: string[]): CompiledContract {
  return {
    stream,
    version: '1.0.0',
    description: `The ${stream}.`,
    table: { schema: 'shop', name: stream },
    primaryKey,
    eventTime: null,
    freshnessSeconds: 60,
    fields: [...fields],
  };
}

const PRODUCTS = [plain('product_id', 'STRING', true), plain('category', 'STRING'), plain('weight', 'FLOAT64')];
const LOOKUP: ContractField = {
  ...plain('product_category', 'STRING'),
  lookup: { stream: 'products', by: 'product_id', field: 'category' },
};

interface Draft {
  products?: readonly ContractField[];
  productsKey?: string[];
  reference?: ContractField;
  lookup?: ContractField;
}

function contractsOf({ products = PRODUCTS, productsKey = ['product_id'], reference, lookup = LOOKUP }: Draft = {}) {
  return [
    contract(
      'lines',
      [plain('line_id', 'INT64', true), reference ?? plain('product_id', 'STRING'), lookup],
      ['line_id'],
    ),
    contract('products', products, productsKey),
  ];
}

describe('a field that is looked up', () => {
  test('in a stream that has it is accepted', () => {
    expect(() => checkLookups(contractsOf())).not.toThrow();
  });

  test('by a token is accepted: the same value has the same token in every stream', () => {
    const products = [{ ...PRODUCTS[0]!, pii: 'tokenize' as const }, ...PRODUCTS.slice(1)];
    const reference = { ...plain('product_id', 'STRING'), pii: 'tokenize' as const };
    expect(() => checkLookups(contractsOf({ products, reference }))).not.toThrow();
  });

  test.each<[string, Draft, string]>([
    ['that is required', { lookup: { ...LOOKUP, required: true } }, 'leave required out'],
    ['with rules of its own', { lookup: { ...LOOKUP, enum: ['toys'] } }, "leave rules to that stream's contract"],
    [
      'in its own stream',
      { lookup: { ...LOOKUP, lookup: { stream: 'lines', by: 'product_id', field: 'line_id' } } },
      'names its own stream',
    ],
    [
      'in a stream there is not',
      { lookup: { ...LOOKUP, lookup: { ...LOOKUP.lookup!, stream: 'goods' } } },
      'there is no stream goods; contracts/ declares lines, products',
    ],
    [
      'that is not there',
      { lookup: { ...LOOKUP, lookup: { ...LOOKUP.lookup!, field: 'colour' } } },
      'products has no field colour; it has product_id, category, weight',
    ],
    [
      'that is looked up there',
      {
        products: [
          PRODUCTS[0]!,
          { ...plain('category', 'STRING'), lookup: { stream: 'x', by: 'product_id', field: 'y' } },
        ],
      },
      'products.category is looked up itself',
    ],
    [
      'that is personal there',
      { products: [PRODUCTS[0]!, { ...plain('category', 'STRING'), pii: 'tokenize' }] },
      'products.category is of class tokenize',
    ],
    ['of another type', { lookup: { ...LOOKUP, type: 'INT64' } }, 'is INT64, and products.category is STRING'],
    [
      'by a field there is not',
      { lookup: { ...LOOKUP, lookup: { ...LOOKUP.lookup!, by: 'item' } } },
      'by item: name a field of lines',
    ],
    [
      'by a field of another type',
      { reference: plain('product_id', 'INT64') },
      'the key products.product_id is STRING of class none',
    ],
    [
      'by a token of a clear key',
      { reference: { ...plain('product_id', 'STRING'), pii: 'tokenize' } },
      'which is STRING of class tokenize',
    ],
    ['by a key of two fields', { productsKey: ['product_id', 'category'] }, 'a key of 2 fields'],
  ])('%s is refused with its place and remedy', (_name, draft, message) => {
    const refusal = expect.objectContaining({ code: 'CONTRACT_INVALID', message: expect.stringContaining(message) });
    expect(() => checkLookups(contractsOf(draft))).toThrow(refusal);
    expect(() => checkLookups(contractsOf(draft))).toThrow(/^lines\.odcs\.yaml: field product_category, lookup: /);
  });
});
