import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { DOCUMENT, identitiesDocument, readTable } from './identities.ts';

const table = readTable();

test('docs/identities.md is what terraform/deployables.yaml says (node docs/identities.ts)', () => {
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(identitiesDocument(table));
});

describe('the document', () => {
  const document = identitiesDocument(table);

  test.each(Object.entries(table.deployables))('has a line for %s and for each of its roles', (name, deployable) => {
    const { account, roles, role_sets = [] } = deployable;
    const whys = [...roles, ...role_sets.flatMap((set) => table.role_sets[set]!)].map(({ why }) => why);
    const grants = document.split('\n').filter((line) => line.startsWith(`| \`${account}\` | `));
    expect(document).toContain(`| \`${name}\` | ${deployable.kind} | \`${account}\` |`);
    expect(grants.map((line) => line.split(' | ').at(-1))).toEqual(whys.map((why) => `${why} |`));
  });

  test('tells who starts a job, and which services check tokens themselves', () => {
    expect(document).toMatch(/\| `dbt` \| job \| `tributary-dbt` \| started by `transform` \|/);
    const unchecked = Object.entries(table.deployables).filter(([, { invoker_check }]) => invoker_check === false);
    expect(unchecked.length).toBeGreaterThan(0);
    for (const [name] of unchecked)
      expect(document).toMatch(new RegExp(`\\| \`${name}\` \\|.*checks the signature itself`));
  });

  test('a set of roles that is not there is refused', () => {
    const [name, deployable] = Object.entries(table.deployables)[0]!;
    expect(() =>
      identitiesDocument({ ...table, deployables: { [name]: { ...deployable, role_sets: ['no-such-set'] } } }),
    ).toThrow(/no set of roles no-such-set/);
  });
});
