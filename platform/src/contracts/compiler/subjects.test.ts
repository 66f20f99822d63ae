import { describe, expect, test } from '@jest/globals';
import type { CompiledContract, ContractField } from '../contract.ts';
import { checkSubjects } from './subjects.ts';

function field(name: string, more: Partial<ContractField> = {}): ContractField {
  return { name, type: 'INT64', required: false, pii: 'none', description: `The ${name}.`, ...more };
}

function contract(stream: string, ...fields: ContractField[]): CompiledContract {
  return {
    stream,
    version: '1.0.0',
    description: `The ${stream}.`,
    table: { schema: 'shop', name: stream },
    primaryKey: [fields[0]!.name],
    eventTime: null,
    freshnessSeconds: 60,
    fields,
  };
}

const customers = contract('customers', field('customer_id', { subject: 'customer' }));

describe('the field that says whose row it is', () => {
  test('may have other names in other streams, and other subjects may be beside it', () => {
    expect(() =>
      checkSubjects([
        customers,
        contract('visits', field('user_id', { subject: 'customer' })),
        contract('deliveries', field('courier', { subject: 'courier', type: 'STRING' })),
        contract('products', field('product_id')),
      ]),
    ).not.toThrow();
  });

  test.each<[string, CompiledContract, RegExp]>([
    [
      'twice in a stream',
      contract('gifts', field('giver', { subject: 'customer' }), field('taker', { subject: 'customer' })),
      /gifts\.odcs\.yaml: field taker, subject: giver names whose row it is already/,
    ],
    [
      'of another type',
      contract('gifts', field('giver', { subject: 'customer', type: 'STRING' })),
      /is STRING, and customers\.customer_id is INT64/,
    ],
    [
      'of a type that names nobody',
      contract('gifts', field('at', { subject: 'moment', type: 'TIMESTAMP' })),
      /by an integer or a text/,
    ],
    [
      'a token',
      contract('gifts', field('giver', { subject: 'email', type: 'STRING', pii: 'tokenize' })),
      /is of class tokenize/,
    ],
    [
      'looked up',
      contract(
        'gifts',
        field('giver', { subject: 'customer', lookup: { stream: 'orders', by: 'order_id', field: 'customer_id' } }),
      ),
      /is looked up/,
    ],
    [
      'of one name with two meanings',
      contract('gifts', field('customer_id', { subject: 'giver' })),
      /in another contract customer_id is a customer/,
    ],
  ])('is refused where it is %s', (_, other, message) => {
    expect(() => checkSubjects([customers, other])).toThrow(message);
  });
});
