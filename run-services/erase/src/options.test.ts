import { describe, expect, test } from '@jest/globals';
import { readOptions } from './options.ts';

describe('the options of an erasure', () => {
  test('name a subject of any contract, and whom', () => {
    expect(readOptions(['--customer', '12345'])).toEqual({
      ...{ subject: 'customer', id: '12345', dryRun: false, settleMs: 20_000 },
    });
    expect(readOptions(['--courier=C-7', '--dry-run', '--settle', '90'])).toEqual({
      ...{ subject: 'courier', id: 'C-7', dryRun: true, settleMs: 90_000 },
    });
  });

  test.each([
    [[], /Name one/],
    [['12345'], /Name whom to erase by an option/],
    [['--customer'], /--customer needs a value/],
    [['--customer', '1', '--courier', '2'], /Name one, and one only/],
    [['--customer', '1', '--settle', 'soon'], /--settle is a number/],
  ])('are refused where they are incomplete: %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
