import { describe, expect, test } from '@jest/globals';
import type { EraseReport } from '@tributary/erase';
import { printedErasure } from './erase.ts';

const report: EraseReport = {
  erasureId: 'era_v1_x',
  listed: true,
  places: new Map([
    ['raw files', { found: 12, removed: 12, notes: [] }],
    ['quarantine', { found: 1, removed: 1, notes: ['quarantine/orders/a.parquet was removed whole'] }],
  ]),
};

describe('what an erasure prints', () => {
  test('is each place, what went beside the person, and that nothing is left', () => {
    const text = printedErasure(report, false);
    expect(text).toMatch(/raw files +12 +12/);
    expect(text).toContain('  quarantine/orders/a.parquet was removed whole\n');
    expect(text).toContain('Nothing of theirs is left, and what comes of theirs is dropped from now on (era_v1_x).');
  });

  test('promises nothing of a dry run, or of nobody', () => {
    expect(printedErasure(report, true)).toContain('Nothing was removed.');
    const nobody = printedErasure({ ...report, listed: false, places: new Map() }, false);
    expect(nobody).toContain('Nobody of that number is known anywhere');
  });
});
