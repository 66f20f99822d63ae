import { describe, expect, test } from '@jest/globals';
import { compiled, loadDeclarations } from './declaration.ts';

const good = `
description: What there is
version: 1
role: operations
parameters:
  day: { type: DATE, description: The day }
sql: SELECT stream FROM ops.loads WHERE loaded_at >= TIMESTAMP(@day) -- of the day; all
maxBytesBilled: 1000
cacheSeconds: 10
pageSize: 10
`;
const sql = (text: string) => good.replace(/^sql: .*$/m, `sql: ${JSON.stringify(text)}`);

describe('declared queries', () => {
  test('those of the repository can all be used', () => {
    const declarations = loadDeclarations(new URL('../queries/', import.meta.url));
    expect([...declarations.keys()]).toEqual([
      ...['cost-per-day', 'customer-activity-at', 'customer-features', 'load-ledger', 'pipeline-freshness'],
      ...['quality-results', 'run-events'],
    ]);
  });

  test('one has the name of its file', () => {
    expect(compiled('loads-of-day.yaml', good)).toMatchObject({ name: 'loads-of-day', deadlineSeconds: 30 });
  });

  test.each([
    ['a name that is none', 'Loads.yaml', good, /its name/],
    ['a field that nobody knows', 'a.yaml', `${good}limit: 3`, /limit/],
    ['no limit of bytes', 'a.yaml', good.replace(/^maxBytesBilled.*$/m, ''), /maxBytesBilled/],
    ['two statements', 'a.yaml', sql('SELECT 1 FROM ops.loads WHERE d = @day; DROP TABLE ops.loads'), /one statement/],
    ['a change', 'a.yaml', sql('DELETE FROM ops.loads WHERE d = @day'), /not a SELECT/],
    ['a change after WITH', 'a.yaml', sql('WITH a AS (SELECT 1) DELETE FROM ops.loads WHERE d = @day'), /not a SELECT/],
    [
      'a parameter that is not declared',
      'a.yaml',
      sql('SELECT 1 FROM ops.loads WHERE d = @day AND e = @else'),
      /@else/,
    ],
    ['a parameter that is not used', 'a.yaml', sql('SELECT 1 FROM ops.loads'), /day is declared/],
    ['a parameter in quotes only', 'a.yaml', sql("SELECT '@day' FROM ops.loads"), /day is declared/],
    ['a table of another dataset', 'a.yaml', sql('SELECT 1 FROM secrets.t WHERE d = @day'), /secrets\.t/],
    ['a table of another project', 'a.yaml', sql('SELECT 1 FROM `p.ops.loads` WHERE d = @day'), /p\.ops\.loads/],
    ['a table after a comma', 'a.yaml', sql('SELECT 1 FROM ops.loads l, secrets.t WHERE d = @day'), /JOIN/],
    ['what is no YAML', 'a.yaml', 'a: [', /cannot be used/],
    ['a table without a dataset', 'a.yaml', sql('SELECT 1 FROM loads WHERE d = @day'), /loads/],
    ['a name that requests use', 'a.yaml', good.replaceAll('day:', 'format:').replaceAll('@day', '@format'), /format/],
  ])('%s is refused', (_what, file, text, problem) => {
    expect(() => compiled(file, text)).toThrow(problem);
    expect(() => compiled(file, text)).toThrow(expect.objectContaining({ code: 'QUERY_INVALID' }));
  });
});
