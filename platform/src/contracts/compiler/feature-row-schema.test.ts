import { createFileRegistry, fromBinary, fromJsonString } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { compileFeatures, declarations } from '@tributary/features';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { type FeatureRow, featureMessage } from '../../events/index.ts';
import { loadContracts } from '../load.ts';
import { featureRowSchemaOf } from './feature-row-schema.ts';

const compiled = compileFeatures(declarations, loadContracts());

interface DescribedFile {
  readonly messageType: readonly {
    readonly name: string;
    readonly field: readonly { typeName?: string }[];
    readonly nestedType: readonly { readonly name: string; readonly options?: { readonly mapEntry?: boolean } }[];
  }[];
}

/** Reads JSON as protocol buffers' own mapping does, unknown members refused: what Pub/Sub does with a message at the door. */
function door(schema: string): (json: string) => unknown {
  const { root } = protobuf.parse(schema, { keepCase: true });
  root.resolveAll();
  const { file } = (root as unknown as { toDescriptor(syntax: string): { file: DescribedFile[] } }).toDescriptor(
    'proto3',
  );
  for (const { name, field, nestedType } of file[0]!.messageType) {
    // protobufjs leaves the message out of the name of a map's entry.
    for (const entry of nestedType.filter(({ options }) => options?.mapEntry))
      field.find(({ typeName }) => typeName === entry.name)!.typeName = `${name}.${entry.name}`;
  }
  const bytes = descriptor.FileDescriptorSet.encode({ file } as never).finish();
  const message = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes)).getMessage('FeatureRow')!;
  return (json) => fromJsonString(message, json);
}

const enter = door(featureRowSchemaOf(compiled));
const ROW: FeatureRow = {
  view: 'customer_activity',
  entity: { customer_id: 12346 },
  event_time: '2026-11-21T05:20:02.123456Z',
  event_timestamp: '2026-11-21T05:20:02.123457Z',
  latest: true,
  features: { events_5m: 1, events_24h: '9223372036854775807', spend_5m: '0', spend_1h: '-12.5' },
  event_id: 'a'.repeat(32),
  emitted_at: '2026-11-21T05:20:02.456Z',
};
const sent = (row: FeatureRow) => featureMessage(row).data.toString();

describe("the schema of the features' topic", () => {
  test('lets in what is published: whole numbers, decimal strings and keys beyond 2^53', () => {
    expect(enter(sent(ROW))).toMatchObject({ view: 'customer_activity', latest: true });
    expect(enter(sent({ ...ROW, entity: { customer_id: '9007199254740993' } }))).toMatchObject({
      entity: { customerId: 9007199254740993n },
    });
    expect(enter(sent({ ...ROW, entity: { product_id: '20000B' } }))).toMatchObject({
      entity: { productId: '20000B' },
    });
  });

  test.each([
    ['an unknown member', { ...ROW, extra: 1 }],
    ['an entity that no feature declares', { ...ROW, entity: { basket_id: 1 } }],
    ['a join key of another type', { ...ROW, entity: { customer_id: 'alice' } }],
    ['a feature that is no number', { ...ROW, features: { events_5m: 'many' } }],
    ['a row that is a list', [ROW]],
  ])('refuses %s', (_, row) => {
    expect(() => enter(JSON.stringify(row))).toThrow();
  });

  test('has all members of a row, and no others', () => {
    const members = [...featureRowSchemaOf(compiled).matchAll(/^ {2}(?!message)\S.* (\w+) = \d+;$/gm)].map(
      ([, name]) => name,
    );
    expect(members.sort()).toEqual(Object.keys(ROW).sort());
  });

  test('keeps the numbers of join keys when another entity is declared', () => {
    const more = [
      ...compiled.entities,
      { name: 'basket', joinKey: 'basket_id', type: 'STRING' as const, description: '' },
    ];
    const lines = (text: string) => text.split('\n').filter((line) => line.startsWith('    '));
    expect(lines(featureRowSchemaOf({ entities: more })).slice(0, -1)).toEqual(lines(featureRowSchemaOf(compiled)));
  });

  test('is about windowed features only, which are counts and sums', () => {
    const types = compiled.groups.flatMap(({ features }) => features.map(({ type }) => type));
    expect(new Set(types)).toEqual(new Set(['INT64', 'FLOAT64']));
  });
});
