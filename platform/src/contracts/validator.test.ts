import { describe, expect, test } from '@jest/globals';
import { type CompiledContract, type ContractField, loadContracts, rowValidator } from './index.ts';

const contracts = loadContracts();
const validateLine = rowValidator(contracts.get('order_lines')!);
const validateCustomer = rowValidator(contracts.get('customers')!);

const LINE = {
  order_line_id: '536365-1',
  order_id: '536365',
  product_id: '85123A',
  customer_id: 17_850,
  kind: 'purchase',
  quantity: 6,
  unit_price: '2.5500',
  country: 'United Kingdom',
  order_time: '2010-12-01T08:26:00.000000Z',
};
const CUSTOMER = {
  customer_id: 17_850,
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  phone: null,
  ip: '203.0.113.7',
  address: '1 High Street',
  country: 'EIRE',
  created_at: '2010-12-01T08:26:00.000000Z',
  updated_at: '2010-12-01T08:26:00.123456Z',
};

describe('rowValidator', () => {
  test('rows are valid before their personal values are replaced and after', () => {
    expect(validateLine(LINE)).toBeUndefined();
    expect(validateCustomer(CUSTOMER)).toBeUndefined();
    const { address: _dropped, ...carried } = CUSTOMER;
    expect(validateCustomer({ ...carried, email: 'tok_v1_abc', name: 'tok_v1_def', ip: '203.0.*.*' })).toBeUndefined();
  });

  test.each<[string, object, string, string]>([
    ['a quantity of zero', { quantity: 0 }, 'quantity', 'quantity is 0; expected INT64, at least 1, not null.'],
    ['a quantity of zero in text', { quantity: '0' }, 'quantity', 'at least 1'],
    ['half a piece', { quantity: 0.5 }, 'quantity', 'INT64'],
    ['an integer beyond 64 bits', { customer_id: '9223372036854775808' }, 'customer_id', 'INT64'],
    [
      'a price of zero',
      { unit_price: '0.0000' },
      'unit_price',
      'unit_price is "0.0000"; expected NUMERIC, at least 0.0001, not null.',
    ],
    ['a price as a number', { unit_price: 2.55 }, 'unit_price', 'NUMERIC'],
    ['a price with an exponent', { unit_price: '1e3' }, 'unit_price', 'NUMERIC'],
    ['a price that is no number', { unit_price: 'NaN' }, 'unit_price', 'NUMERIC'],
    [
      'an unknown kind',
      { kind: 'gift' },
      'kind',
      'kind is "gift"; expected STRING, one of purchase, return, not null.',
    ],
    ['a missing product', { product_id: null }, 'product_id', 'product_id is null; expected STRING, not null.'],
    ['a time of three digits', { order_time: '2010-12-01T08:26:00.000Z' }, 'order_time', 'TIMESTAMP'],
    ['a day that is not', { order_time: '2010-02-30T08:26:00.000000Z' }, 'order_time', 'TIMESTAMP'],
    ['a time without a zone', { order_time: '2010-12-01T08:26:00.000000' }, 'order_time', 'TIMESTAMP'],
    ['a column no contract knows', { colour: 'red' }, 'colour', 'not in the contract of order_lines'],
  ])('%s is a violation of its field', (_name, change, field, message) => {
    expect(validateLine({ ...LINE, ...change })).toEqual({ field, message: expect.stringContaining(message) });
  });

  test('an integer beyond 2^53 is taken as text', () => {
    expect(validateLine({ ...LINE, customer_id: '9223372036854775807' })).toBeUndefined();
    expect(validateLine({ ...LINE, customer_id: '-9223372036854775808' })).toBeUndefined();
  });

  test('an update may lack unchanged fields but not its key', () => {
    expect(validateLine({ order_line_id: '1-1' }, 'partial')).toBeUndefined();
    expect(validateLine({ order_line_id: '1-1' })).toMatchObject({ message: expect.stringContaining('is absent') });
    expect(validateLine({ quantity: 1 }, 'partial')).toMatchObject({ field: 'order_line_id' });
  });

  test("a violation does not repeat a person's value, nor that of an unknown column", () => {
    const planted = { planted: 'planted@example.com' };
    for (const change of [
      { email: planted },
      { ip: planted },
      { address: planted },
      { nickname: 'planted@example.com' },
    ]) {
      const violation = validateCustomer({ ...CUSTOMER, ...change });
      expect(violation).toMatchObject({ field: Object.keys(change)[0] });
      expect(JSON.stringify(violation)).not.toContain('planted');
    }
  });

  test('a long value is cut in the message', () => {
    expect(validateLine({ ...LINE, kind: 'x'.repeat(10_000) })!.message.length).toBeLessThan(200);
  });

  test.each([[null], ['text'], [[LINE]], [undefined]])('%j is no row', (row) => {
    expect(validateLine(row)).toMatchObject({ field: '', message: expect.stringContaining('not an object') });
  });

  test.each<[string, Partial<ContractField> & Pick<ContractField, 'type'>, unknown[], unknown[]]>([
    ['FLOAT64', { type: 'FLOAT64' }, [1.5, 'NaN', '-Infinity', '-0', null], ['1.5', 'nan', true]],
    ['FLOAT64 with a bound', { type: 'FLOAT64', min: 0 }, [0, '-0', 1e300], [-1, 'NaN']],
    ['FLOAT64 above zero', { type: 'FLOAT64', min: 1 }, [1], [0, '-0']],
    [
      'NUMERIC',
      { type: 'NUMERIC' },
      ['0', '-12.5', '0.123456789', '9'.repeat(29)],
      ['01', '.5', '1.', '0.1234567890', '9'.repeat(30), '+1'],
    ],
    [
      'NUMERIC with bounds',
      { type: 'NUMERIC', min: -1, max: 0.0000001 },
      ['-1', '0.0000001'],
      ['-1.000000001', '0.000000101'],
    ],
    ['BOOL', { type: 'BOOL' }, [true, false], ['true', 0]],
    ['DATE', { type: 'DATE' }, ['2024-02-29'], ['2023-02-29', '2024-2-9', '2024-02-29T00:00:00Z']],
    ['BYTES', { type: 'BYTES' }, ['', 'AAEC', 'AA=='], ['A', 'AAE', '%%%%']],
    ['JSON', { type: 'JSON' }, ['{"a":1}'], [{ a: 1 }]],
    ['a pattern', { type: 'STRING', pattern: '^\\d{5}$' }, ['12345'], ['1234', '123456']],
  ])('%s: exactly its wire encoding is accepted', (_name, of, valid, invalid) => {
    const contract: CompiledContract = {
      ...contracts.get('orders')!,
      primaryKey: ['id'],
      fields: [
        { name: 'id', type: 'STRING', required: true, pii: 'none', description: 'd' },
        { name: 'x', required: false, pii: 'none', description: 'd', ...of },
      ],
    };
    const validate = rowValidator(contract);
    for (const x of valid) expect([x, validate({ id: '1', x })]).toEqual([x, undefined]);
    for (const x of invalid)
      expect([x, validate({ id: '1', x })]).toEqual([x, expect.objectContaining({ field: 'x' })]);
  });
});
