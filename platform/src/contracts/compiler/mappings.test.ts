import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { ROOT } from '../../config/index.ts';
import { loadMappings } from '../mapping.ts';
import { compileContracts } from './artifacts.ts';
import { compileMapping, compileMappings } from './mappings.ts';

const FOLDER = new URL('contracts/', ROOT);
const contracts = await compileContracts(FOLDER);
const TAOBAO = readFileSync(new URL('mappings/taobao_user_behavior.yaml', FOLDER), 'utf8');
const RETAIL = readFileSync(new URL('mappings/online_retail.yaml', FOLDER), 'utf8');

interface Draft {
  fields: Record<string, unknown>;
  [member: string]: unknown;
}

/** A shipped mapping with one thing changed. */
function altered(source: string, change: (draft: Draft) => void, file = 'a_dataset.yaml') {
  const draft = parse(source) as Draft;
  change(draft);
  return () => compileMapping(file, stringify(draft), contracts);
}

describe('a mapping', () => {
  test('is compiled to what it says, spelt out', () => {
    const mapping = compileMapping('taobao_user_behavior.yaml', TAOBAO, contracts);
    expect(mapping).toMatchObject({
      dataset: 'taobao_user_behavior',
      stream: 'user_events',
      csv: { delimiter: ',', quote: '"', encoding: 'utf-8' },
      columns: ['user_id', 'item_id', 'category_id', 'behavior', 'timestamp'],
      nulls: [''],
      ignore: [],
    });
    expect(mapping.fields).toEqual([
      { field: 'user_event_id', template: '{user_id}-{item_id}-{behavior}-{timestamp}' },
      ...['user_id', 'item_id', 'category_id', 'behavior'].map((field) => ({ field, column: field })),
      { field: 'event_time', column: 'timestamp', time: { format: 'epoch_seconds', zone: null } },
    ]);
  });

  test('is read at run time as it was compiled', async () => {
    const compiled = await compileMappings(FOLDER, contracts);
    expect([...loadMappings().values()]).toEqual(compiled);
    expect(compiled.map(({ dataset }) => dataset)).toEqual(['online_retail', 'taobao_user_behavior']);
  });

  test('is optional: a folder of contracts alone maps nothing', async () => {
    expect(await compileMappings(new URL('contracts/generated/', ROOT), contracts)).toEqual([]);
  });

  test.each<[string, (draft: Draft) => void, string]>([
    ['an unknown stream', (it) => (it.stream = 'clicks'), 'stream: no contract declares "clicks"'],
    ['no description', (it) => delete it.description, 'description: expected a description'],
    ['a member nobody reads', (it) => (it.colums = []), 'Unrecognized key: "colums"'],
    ['an unknown field', (it) => (it.fields.mail = 'x'), 'fields.mail: order_lines has no such field.'],
    ['a required field without a source', (it) => delete it.fields.kind, 'fields: kind is required'],
    [
      'a field that is looked up',
      (it) => (it.fields.product_category = 'Category'),
      'fields.product_category: the pipeline looks it up',
    ],
    [
      'two sources of a field',
      (it) => (it.fields.country = { column: 'Country', constant: 'Spain' }),
      'fields.country: say one of column, template and constant.',
    ],
    ['a column that is read and ignored', (it) => (it.ignore = ['Country']), 'ignore: Country is read by a field.'],
    [
      'columns beside a header',
      (it) => (it.columns = ['InvoiceNo']),
      'columns: name them where csv.header is false, and only there.',
    ],
    ['no columns without a header', (it) => (it.csv = { header: false }), 'columns: name them where'],
    ['a delimiter of two characters', (it) => (it.csv = { delimiter: '||' }), 'csv.delimiter: expected one character'],
    ['one mark for both', (it) => (it.csv = { delimiter: ';', quote: ';' }), 'csv: quote and delimiter are the same'],
    ['an unclosed placeholder', (it) => (it.fields.order_id = { template: '{InvoiceNo' }), 'has its columns in {}'],
    [
      'a broken expression',
      (it) => (it.fields.quantity = { column: 'Quantity', values: [{ match: '(', to: '' }] }),
      'fields.quantity: values: ( is not a regular expression',
    ],
    [
      'a local time without a zone',
      (it) => (it.fields.order_time = { column: 'InvoiceDate', time: { format: 'M/d/yyyy H:mm' } }),
      'fields.order_time: time.zone: a time without an offset needs its zone',
    ],
    [
      'a zone that is none',
      (it) => (it.fields.order_time = { column: 'InvoiceDate', time: { format: 'M/d/yyyy', zone: 'Europe/Londres' } }),
      '"Europe/Londres" is no zone',
    ],
    [
      'a pattern that is none',
      (it) => (it.fields.order_time = { column: 'InvoiceDate', time: { format: 'epoch_days' } }),
      'time.format is one of epoch_seconds',
    ],
    [
      'a time in a field of another type',
      (it) => (it.fields.country = { column: 'Country', time: { format: 'epoch_seconds' } }),
      'time is for timestamps; the field is STRING.',
    ],
  ])('with %s is refused by name', (_, change, problem) => {
    const compile = altered(RETAIL, change);
    expect(compile).toThrow(problem);
    expect(compile).toThrow(/^mappings\/a_dataset\.yaml: /);
  });

  test.each<[string, (draft: Draft) => void, string]>([
    [
      'a column that nothing reads',
      (it) => (it.columns as string[]).push('page'),
      'page is neither read nor in ignore',
    ],
    ['a column that is not there', (it) => (it.fields.session_id = 'session'), 'columns: session is none of them.'],
    ['a column twice', (it) => (it.columns as string[]).push('user_id'), 'columns: user_id is there twice.'],
  ])('of a file without a header, with %s, is refused', (_, change, problem) => {
    expect(altered(TAOBAO, change)).toThrow(problem);
  });

  test('may not show in one field what another one hides', () => {
    const source = stringify({
      stream: 'customers',
      description: 'A list.',
      fields: {
        customer_id: 'id',
        email: 'mail',
        country: { template: '{mail}' },
        created_at: 'since',
        updated_at: 'since',
      },
    });
    expect(() => compileMapping('list.yaml', source, contracts)).toThrow(
      'fields.country: mail holds personal data, and this field would store it in clear.',
    );
  });

  test('called like a stream is for that stream', () => {
    expect(altered(TAOBAO, () => undefined, 'orders.yaml')).toThrow('called like the stream orders');
    expect(() => compileMapping('My Data.yaml', TAOBAO, contracts)).toThrow('a mapping is called <dataset>.yaml');
  });
});
