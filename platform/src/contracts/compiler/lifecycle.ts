import { type CompiledContract, DEFAULT_RETENTION_DAYS, type RetentionDays } from '../contract.ts';
import type { Lifecycle, LifecycleRule } from '../lifecycle.ts';
import type { CompiledMapping } from '../mapping.ts';

/** Where messages lie that no stream owns. */
const STREAMLESS = ['_unknown', '_control'];

/** How long reports of what was done are kept, for people who ask what became of a file. */
const REPORT_DAYS = 30;

/** A version that was replaced or removed, where a bucket keeps versions, and parts of an upload that was given up. */
const REMAINS_DAYS = 7;

/** Prefixes of one condition. https://cloud.google.com/storage/docs/lifecycle#matchesprefix-suffix */
const MAX_PREFIXES = 50;

/**
 * What stores remove by themselves, by contract. `control/` is not here: commits prune what has ended, and nothing else there may go.
 */
export function lifecycleOf(
  contracts: readonly CompiledContract[],
  mappings: readonly Pick<CompiledMapping, 'dataset' | 'stream'>[],
): Lifecycle {
  const prefixes = new Map<number, string[]>();
  const keep = (days: number | null, prefix: string) => {
    if (days !== null) prefixes.set(days, [...(prefixes.get(days) ?? []), prefix]);
  };
  const ofStream = (stream: string, days: RetentionDays) => {
    keep(days.raw, `raw/${stream}/`);
    keep(days.deadLetter, `dead-letter/${stream}/`);
    keep(days.quarantine, `quarantine/${stream}/`);
  };
  for (const { stream, retentionDays = DEFAULT_RETENTION_DAYS } of contracts) {
    ofStream(stream, retentionDays);
    keep(retentionDays.processed, `processed/${stream}/`);
  }
  // A dropped file is set aside under its dataset's name.
  const days = new Map(contracts.map(({ stream, retentionDays }) => [stream, retentionDays]));
  for (const { dataset, stream } of mappings)
    if (!days.has(dataset)) keep((days.get(stream) ?? DEFAULT_RETENTION_DAYS).quarantine, `quarantine/${dataset}/`);
  for (const stream of STREAMLESS) ofStream(stream, DEFAULT_RETENTION_DAYS);
  keep(REPORT_DAYS, 'control/landing-reports/');
  keep(REPORT_DAYS, 'rewrites/done/');
  keep(REPORT_DAYS, 'artifacts/dbt-runs/');
  keep(REPORT_DAYS, 'artifacts/openlineage/');
  const rules = [...prefixes]
    .sort(([a], [b]) => a - b)
    .flatMap(([age, all]) => chunks(all.sort()).map((matchesPrefix) => remove({ age, matchesPrefix })));
  return {
    buckets: {
      lake: { lifecycle: { rule: [...rules, ...remains()] } },
      landing: { lifecycle: { rule: remains() } },
    },
    tables: Object.fromEntries(
      contracts.flatMap(({ stream, retentionDays: { staging } = DEFAULT_RETENTION_DAYS }) =>
        staging === null ? [] : [[`staging.${stream}`, { partitionExpirationDays: staging }]],
      ),
    ),
  };
}

function remains(): LifecycleRule[] {
  return [
    remove({ daysSinceNoncurrentTime: REMAINS_DAYS, isLive: false }),
    { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: REMAINS_DAYS } },
  ];
}

function remove(condition: LifecycleRule['condition']): LifecycleRule {
  return { action: { type: 'Delete' }, condition };
}

function chunks(prefixes: readonly string[]): string[][] {
  const result: string[][] = [];
  for (let from = 0; from < prefixes.length; from += MAX_PREFIXES)
    result.push(prefixes.slice(from, from + MAX_PREFIXES));
  return result;
}
