import { describe, expect, test } from '@jest/globals';
import { readEvent } from './index.ts';
import { googleSamples } from './testing/samples.ts';

const samples = googleSamples();

function outcomeOf({ headers, body }: { headers: Readonly<Record<string, string>>; body: Buffer }): unknown {
  // gzip is the door's business.
  const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  try {
    return readEvent(Object.fromEntries(lowerCase), body);
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe("Google's published samples", () => {
  test('are there in full', () => {
    expect(samples.length).toBeGreaterThan(300);
  });

  const plain = samples.filter(({ headers }) => headers['content-encoding'] === undefined);
  const kindOf = (name: string) => {
    if (name.includes('background event')) return 'EVENT_LEGACY';
    if (name.endsWith(', push')) return 'EVENT_UNREADABLE';
    const isNew = !/object\.v1\.|OBJECT_(?!FINALIZE)/.test(name) && /StorageObject|storage-cloudevent/.test(name);
    return expect.objectContaining({ kind: isNew ? 'object' : 'foreign' });
  };

  test.each(plain.map((sample) => [sample.name, sample] as const))('%s', (name, sample) => {
    expect(outcomeOf(sample)).toEqual(kindOf(name));
  });

  test('an object is the same object in whatever form it came', () => {
    const forms = plain.filter(
      ({ name }) => /StorageObjectData-simple/.test(name) && !/object\.v1\.|OBJECT_(?!FIN)/.test(name),
    );
    expect(forms.length).toBeGreaterThan(15);
    for (const form of forms) {
      expect(outcomeOf(form)).toMatchObject({
        object: {
          bucket: expect.stringMatching(/^(sample|some)-bucket$/),
          name: 'folder/Test.cs',
          generation: '1587627537231057',
        },
      });
    }
  });
});
