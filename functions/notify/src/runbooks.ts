import type { ChainEvent } from '@tributary/platform/events';

/** A name of docs/runbooks; it becomes part of a URL. */
const NAME = /^[a-z0-9][a-z0-9-]{0,80}$/;

/** Whose page it is when a stage's run was given up, or its job could not be started, whatever the code. */
const OF_STAGE: Readonly<Record<string, string>> = {
  load: 'load-stuck',
  rewrite: 'backfill',
  transform: 'transform-failed',
  validate: 'quality-gate-failed',
  materialize: 'materialize-failed',
  'landing-gate': 'quarantine',
  'landing-batch': 'pipeline-not-running',
};

/** The first pattern that matches a code has its page. docs/runbooks/README.md has the same for people. */
export const OF_CODE: readonly (readonly [code: RegExp, runbook: string])[] = [
  [/^(GATE_\w+|DEPENDENCIES_\w+)$/, 'quality-gate-failed'],
  [/^(DBT_\w+|MODEL_\w+)$/, 'transform-failed'],
  [/^(ONLINE_STORE_UNAVAILABLE|VIEW_NOT_REGISTERED)$/, 'feature-push-lag'],
  [/^(ONLINE_\w+|MART_\w+|VIEW_\w+|MATERIALIZE_\w+)$/, 'materialize-failed'],
  [/^(CORRUPT_FILE|UNREADABLE_FILE|WRONG_COLUMNS|FORMAT_MISMATCH|REPORT_MISSING|UNKNOWN_DATASET)$/, 'quarantine'],
  [/^(UNSUPPORTED_FORMAT|EMPTY_FILE|MISPLACED_FILE|WAREHOUSE_REJECTED|LOAD_OBJECT_GONE|OBJECT_GONE)$/, 'quarantine'],
  [/^(LOAD_\w+|WAREHOUSE_\w+|CONTROL_\w+|LAKE_\w+|PRECONDITION_FAILED|BUS_\w+)$/, 'load-stuck'],
  [/^(REWRITE_\w+|BACKFILL_\w+|UNSEAL_FAILED)$/, 'backfill'],
  [/^COST_\w+$/, 'cost-budget'],
  [/^(PIPELINE_\w+|FLINK_\w+|DATAFLOW_\w+)$/, 'pipeline-not-running'],
  [/^UNKNOWN_COLUMN$/, 'unknown-column'],
  [/^(JOBS_\w+|JOB_\w+|ARGUMENTS_INVALID|ATTEMPTS_EXHAUSTED|RUN_FAILED|UNEXPECTED|UNKNOWN)$/, 'job-not-run'],
  [/^(CONFIG_INVALID|PII_\w+|CONTRACTS?_\w+|MAPPING_INVALID)$/, 'configuration'],
];

/**
 * Which page of docs/runbooks tells what to do: the one that the event names, or else that of its stage where a run was given up, or that of its code.
 * Undefined where there is none; people are then sent to the index.
 */
export function runbookOf({ detail, error, type }: Pick<ChainEvent, 'detail' | 'error' | 'type'>): string | undefined {
  if (typeof detail.runbook === 'string' && NAME.test(detail.runbook)) return detail.runbook;
  const code = error?.code ?? '';
  const ofCode = OF_CODE.find(([pattern]) => pattern.test(code))?.[1];
  const ofStage = typeof detail.stage === 'string' ? OF_STAGE[detail.stage] : undefined;
  if (type === 'quality.checked' && detail.gate === 'landing') return 'quarantine';
  return ofCode === undefined || ofCode === 'job-not-run' ? (ofStage ?? ofCode) : ofCode;
}

/** Every page that an incident may be sent to. */
export function knownRunbooks(): string[] {
  return [...new Set([...OF_CODE.map(([, runbook]) => runbook), ...Object.values(OF_STAGE)])].sort();
}
