import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '@tributary/platform/config';
import { knownRunbooks, runbookOf } from './runbooks.ts';

/** Where errors come from that end in an event of the chain. */
const SOURCES = [
  ...['load-warehouse', 'ingest-landing', 'transform', 'validate', 'materialize'].map(
    (name) => `functions/${name}/src`,
  ),
  ...['stage', 'group-commit', 'warehouse', 'lake', 'jobs', 'job-process', 'cost', 'pii'].map(
    (name) => `platform/src/${name}`,
  ),
  ...['dbt/job/src', 'great_expectations', 'feast', 'run-services/debezium-bridge/src/unknown-columns.ts'],
];

/** Codes that never leave the call they are thrown in, or are answers of a local server. */
const NEVER_TOLD = new Set(['LOAD_GOES_ON', 'GATE_UNAVAILABLE', 'MATERIALIZE_UNAVAILABLE', 'UNAVAILABLE']);

/** How a code is written: thrown, in an object, in a union of codes; in Python as an argument or a field. */
const CODES = [
  /(?:User|Transient|Tributary|Job|Load\w*)Error\(\s*'([A-Z]+(?:_[A-Z]+)+)'/g,
  /\bcode: '([A-Z]+(?:_[A-Z]+)*)'/g,
  /^ {2}\| '([A-Z]+(?:_[A-Z]+)+)';?$/gm,
  /(?:\bcode["']?\s*[:=]\s*|(?:Error|Fault|Failure|fail)\(\s*)["']([A-Z]+(?:_[A-Z]+)+)["']/g,
];

function filesOf(source: string): string[] {
  if (/\.(ts|py)$/.test(source)) return [source];
  return readdirSync(new URL(`${source}/`, ROOT), { recursive: true, encoding: 'utf8' })
    .filter(
      (name) =>
        /\.(ts|py)$/.test(name) && !/(^|\/)(node_modules|testing|tests?|\.venv)\/|\.i?test\.ts$|(^|\/)test_/.test(name),
    )
    .map((name) => `${source}/${name}`);
}

function codes(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of SOURCES.flatMap(filesOf)) {
    const text = readFileSync(new URL(file, ROOT), 'utf8');
    for (const pattern of CODES) for (const [, code] of text.matchAll(pattern)) found.set(code!, file);
  }
  return found;
}

const page = (name: string) => new URL(`docs/runbooks/${name}.md`, ROOT);
const found = [...codes()].filter(([code]) => !NEVER_TOLD.has(code) && code.includes('_'));

describe('runbooks', () => {
  test('the codes are found', () => {
    const known = found.map(([code]) => code);
    expect(known.length).toBeGreaterThan(25);
    for (const code of [
      'ATTEMPTS_EXHAUSTED',
      'LOAD_ALL_REFUSED',
      'WAREHOUSE_QUOTA_EXCEEDED',
      'GATE_FAILED',
      'UNKNOWN_COLUMN',
      'DBT_ABORTED',
    ])
      expect(known).toContain(code);
  });

  test.each(found)('%s, of %s, has a page that exists', (code) => {
    const runbook = runbookOf({ type: 'incident.raised', detail: {}, error: { code, message: '' } });
    expect([code, runbook]).toEqual([code, expect.any(String)]);
    expect([runbook, existsSync(page(runbook!))]).toEqual([runbook, true]);
  });

  test.each(knownRunbooks())('%s says how to see, to check, to mend and to prevent it, and what not to do', (name) => {
    const text = readFileSync(page(name), 'utf8');
    for (const heading of ['## Symptom', '## Check', '## Fix', '## Fixed when', '## Prevention', '## Never'])
      expect(text).toContain(heading);
    expect(readFileSync(page('README'), 'utf8')).toContain(`(${name}.md`);
  });

  test.each(namedInCode())('%s, which %s names, exists', (name) => {
    expect([name, existsSync(page(name))]).toEqual([name, true]);
  });

  test('an event decides itself, by name, stage and gate', () => {
    const error = { code: 'ATTEMPTS_EXHAUSTED', message: '' };
    const of = (detail: Record<string, unknown>) => runbookOf({ type: 'incident.raised', detail, error });
    expect(of({ runbook: 'load-stuck' })).toBe('load-stuck');
    expect(of({ runbook: '../../etc/passwd', stage: 'transform' })).toBe('transform-failed');
    expect(of({ stage: 'landing-batch' })).toBe('pipeline-not-running');
    expect(of({})).toBe('job-not-run');
    const gate = { detail: { gate: 'landing' }, error: { code: 'GATE_FAILED', message: '' } };
    expect(runbookOf({ type: 'quality.checked', ...gate })).toBe('quarantine');
    expect(runbookOf({ type: 'incident.raised', detail: {}, error: { code: 'NEVER_HEARD_OF', message: '' } })).toBe(
      undefined,
    );
  });
});

/** `runbook: 'x'` and `RUNBOOK = 'x'`. */
function namedInCode(): [string, string][] {
  const files = [...SOURCES, 'platform/src/incidents', 'platform/src/cost'].flatMap(filesOf);
  const named = files.flatMap((file) =>
    [...readFileSync(new URL(file, ROOT), 'utf8').matchAll(/\b(?:runbook:|RUNBOOK =) '([a-z0-9-]+)'/g)].map(
      ([, name]) => [name!, file] as const,
    ),
  );
  return [...new Map(named)];
}
