import { describe, expect, test } from '@jest/globals';
import { type CompiledContract, DEFAULT_RETENTION_DAYS } from '../contract.ts';
import { lifecycleOf } from './lifecycle.ts';

function contract(stream: string, retention: Partial<typeof DEFAULT_RETENTION_DAYS> = {}): CompiledContract {
  return {
    stream,
    version: '1.0.0',
    description: `The ${stream}.`,
    table: { schema: 'shop', name: stream },
    primaryKey: ['id'],
    eventTime: null,
    freshnessSeconds: 60,
    retentionDays: { ...DEFAULT_RETENTION_DAYS, ...retention },
    fields: [{ name: 'id', type: 'INT64', required: true, pii: 'none', description: 'The id.' }],
  };
}

const prefixesByAge = (contracts: readonly CompiledContract[], mappings: Parameters<typeof lifecycleOf>[1] = []) =>
  lifecycleOf(contracts, mappings).buckets.lake.lifecycle.rule.flatMap(({ condition: { age, matchesPrefix } }) =>
    (matchesPrefix ?? []).map((prefix) => `${prefix} ${age}`),
  );

describe('what stores remove by themselves', () => {
  test('is by stream and layer, with the default where a contract says nothing', () => {
    expect(prefixesByAge([contract('orders', { raw: 30 })])).toEqual(
      expect.arrayContaining([
        'raw/orders/ 30',
        'processed/orders/ 400',
        'dead-letter/orders/ 90',
        'quarantine/orders/ 90',
        'raw/_unknown/ 400',
        'dead-letter/_unknown/ 90',
        'control/landing-reports/ 30',
        'rewrites/done/ 30',
      ]),
    );
  });

  test('is by data set for dropped files that were set aside, as long as their stream says', () => {
    const contracts = [contract('orders', { quarantine: 14 }), contract('visits', { quarantine: null })];
    const prefixes = prefixesByAge(contracts, [
      { dataset: 'foreign_orders', stream: 'orders' },
      { dataset: 'foreign_visits', stream: 'visits' },
    ]).filter((prefix) => prefix.startsWith('quarantine/') && !prefix.startsWith('quarantine/_'));
    expect(prefixes).toEqual(['quarantine/foreign_orders/ 14', 'quarantine/orders/ 14']);
  });

  test('is nothing of a layer that is kept for ever, of another stream, or of leases and manifests', () => {
    const prefixes = prefixesByAge([contract('orders', { processed: null }), contract('order_lines')]);
    expect(prefixes).not.toContainEqual(expect.stringMatching(/^processed\/orders\//));
    for (const prefix of prefixes) expect(prefix).toMatch(/^[a-z-]+\/[a-z_-]+\/ \d+$/);
    expect(prefixes.filter((prefix) => prefix.startsWith('control/'))).toEqual(['control/landing-reports/ 30']);
  });

  test('holds at most fifty prefixes a rule, however many streams there are', () => {
    const contracts = Array.from({ length: 120 }, (_, n) => contract(`stream_${n}`));
    const rules = lifecycleOf(contracts, []).buckets.lake.lifecycle.rule;
    expect(Math.max(...rules.map(({ condition }) => condition.matchesPrefix?.length ?? 0))).toBe(50);
    expect(prefixesByAge(contracts).filter((prefix) => prefix.startsWith('raw/stream_'))).toHaveLength(120);
  });

  test('expires partitions only where a contract says so', () => {
    expect(lifecycleOf([contract('orders'), contract('visits', { staging: 730 })], []).tables).toEqual({
      'staging.visits': { partitionExpirationDays: 730 },
    });
  });
});
