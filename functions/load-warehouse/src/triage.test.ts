import { describe, expect, test } from '@jest/globals';
import { type LedgerEntry, REWRITTEN } from './ledger.ts';
import { objectId, sha256 } from './object.ts';
import { triage } from './triage.ts';

const BUCKET = 'lake';
const HASH = sha256('rows');

/** An object of that name, 100 bytes large, is in the warehouse; what becomes of the next generation. */
function next(file: string, size: number, jobId = 'load_orders_1') {
  const name = `processed/orders/dt=2026-11-21/hr=05/${file}`;
  const known: LedgerEntry = {
    object_id: objectId(BUCKET, { name, generation: '7' }),
    stream: 'orders',
    bucket: BUCKET,
    name,
    generation: '7',
    job_id: jobId,
    manifest: 'load-orders-000000001',
    row_count: 10,
    byte_count: 100,
  };
  const { load, note, overwritten } = triage(BUCKET, [{ name, generation: '8', size }], [known]);
  expect(load.length + note.length).toBe(1);
  return note[0]?.reason ?? (overwritten.length > 0 ? 'replaces' : 'loads');
}

describe('a newer generation of what is in the warehouse', () => {
  test.each([
    ['is the same where a hash names it and the size is the same', `part-${HASH}.parquet`, 100, 'unchanged'],
    ['replaces it where the size differs', `part-${HASH}.parquet`, 101, 'replaces'],
    ['replaces it where its name says nothing of its content', 'part-00001.parquet', 100, 'replaces'],
    ['replaces it where its name is only longer than a hash', `part-${HASH}0.parquet`, 100, 'replaces'],
  ])('%s', (_, file, size, fate) => {
    expect(next(file, size)).toBe(fate);
  });

  test('of a rewrite is the output that the ledger foretold', () => {
    expect(next('part-whole.parquet', 100, REWRITTEN)).toBe('unchanged');
  });
});
