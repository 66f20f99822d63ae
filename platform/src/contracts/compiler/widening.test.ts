import { expect, test } from '@jest/globals';
import { isWidening } from './widening.ts';

test.each([
  ['integer', 'bigint'],
  ['smallint', 'bigint'],
  ['real', 'double precision'],
  ['varchar(10)', 'text'],
  ['varchar(10)', 'varchar(20)'],
  ['varchar(10)', 'varchar'],
  ['char(3)', 'varchar(3)'],
  ['numeric(10,2)', 'numeric(18,4)'],
  ['numeric(10)', 'numeric(10,0)'],
  ['NUMERIC(10, 2)', 'numeric'],
  ['json', 'jsonb'],
  ['text', 'text'],
])('%s to %s holds every value', (before, after) => {
  expect(isWidening(before, after)).toBe(true);
});

test.each([
  ['bigint', 'integer'],
  ['text', 'varchar(10)'],
  ['varchar', 'varchar(10)'],
  ['varchar(20)', 'varchar(10)'],
  ['char(5)', 'varchar(3)'],
  ['numeric(18,4)', 'numeric(18,2)'],
  // Two digits more after the point, and two fewer before it.
  ['numeric(10,2)', 'numeric(10,4)'],
  ['numeric', 'numeric(38,9)'],
  ['integer', 'text'],
  ['timestamptz', 'date'],
  ['', 'text'],
])('%s to %s may lose one', (before, after) => {
  expect(isWidening(before, after)).toBe(false);
});
