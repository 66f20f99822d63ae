import { type ChainEvent, chainEvent, digestId } from '@tributary/platform/events';
import type { Row } from '@tributary/platform/warehouse';
import { assetOf, couldNotLook, incidentOf, RUNBOOK } from './incidents.ts';
import type { GateRequest } from './request.ts';
import { type Check, type Gate, type GateResult, isFailing } from './result.ts';

/** Failing checks told in an event; `ops.quality_results` has them all. */
const MAX_FAILING_TOLD = 20;

/** Faults of configuration, which another attempt would find as they are. */
const VERDICT_CODES: ReadonlySet<string> = new Set(['CONFIG_INVALID', 'ARGUMENTS_INVALID']);

/** Rows of `ops.quality_results`, with ids that make a repetition one. */
export function qualityRows({ checks }: GateResult, { runId, manifest, attempt }: GateRequest): Row[] {
  return checks.map(({ gate, asset, expectation, success, critical, detail }) => ({
    result_id: digestId([manifest, String(attempt), gate, asset, expectation]),
    run_id: runId,
    gate,
    asset,
    expectation,
    success,
    detail: JSON.stringify({ ...detail, critical }),
  }));
}

/**
 * The `quality.checked` events of a run, in the order to tell them.
 *
 * landing: one. warehouse: staging; features that failed, if any; and `ok` for the views that passed, which go online. The last one ends the run. A gate that had nothing to look
 * at passes. Where the gates could not look at all there is one, failed.
 */
export function reports(result: GateResult, request: GateRequest, startedAt: Date): ChainEvent[] {
  const tell = (gate: Gate, failed: boolean, views: readonly string[], last: boolean): ChainEvent =>
    report({ gate, failed, views, last }, result, request, startedAt);
  const first: Gate = request.gate === 'landing' ? 'landing' : 'staging';
  const firstFailed = result.error !== undefined || names(result, first, false).length > 0;
  if (first === 'landing' || result.error) return [tell(first, firstFailed, [], true)];
  const failed = names(result, 'features', false);
  return [
    tell('staging', firstFailed, [], false),
    ...(failed.length > 0 ? [tell('features', true, failed, false)] : []),
    tell('features', false, names(result, 'features', true), true),
  ];
}

interface Told {
  readonly gate: Gate;
  readonly failed: boolean;
  readonly views: readonly string[];
  /** Whether it ends the run. */
  readonly last: boolean;
}

function report(
  { gate, failed, views, last }: Told,
  result: GateResult,
  request: GateRequest,
  startedAt: Date,
): ChainEvent {
  const checks = result.checks.filter((check) => check.gate === gate);
  const failing = failed ? checks.filter(isFailing) : [];
  const { manifest, attempt, runId, cause, traceparent, object } = request;
  const { error } = result;
  return chainEvent({
    type: 'quality.checked',
    runId,
    cause,
    status: failed ? 'failed' : 'ok',
    streams: request.streams,
    views,
    counts: {
      checks: checks.length,
      failed: checks.filter(isFailing).length,
      warnings: checks.filter((check) => !check.success && !check.critical).length,
      held: Object.keys(result.held).length,
    },
    // Told once a run, with its first gate.
    bytesBilled: gate === 'features' ? 0 : result.bytes_billed,
    startedAt,
    traceparent,
    detail: {
      gate,
      manifest,
      attempt,
      held: result.held,
      failing: failing
        .slice(0, MAX_FAILING_TOLD)
        .map(({ asset, expectation, detail }) => ({ asset, expectation, detail })),
      ...(last ? { last } : {}),
      ...(object === undefined ? {} : { object }),
      ...(failed ? { incident: incident(gate, result, request), runbook: RUNBOOK } : {}),
      ...(error ? { verdict: VERDICT_CODES.has(error.code) } : {}),
    },
    error: failed ? (error ?? gateFailed(gate, failing)) : null,
    identity: [manifest, String(attempt), gate],
  });
}

/** The first of those raised for this gate, so that the event opens none of its own. */
function incident(gate: Gate, result: GateResult, request: GateRequest): string {
  const [first] = names(result, gate, false);
  return first === undefined ? couldNotLook(request) : incidentOf(gate, assetOf(gate, first, request));
}

function gateFailed(gate: Gate, failing: readonly Check[]): { code: string; message: string } {
  const worst = failing[0];
  const rest = failing.length > 1 ? ` and ${failing.length - 1} more` : '';
  return {
    code: 'GATE_FAILED',
    message: `The ${gate} gate failed: ${worst?.asset} does not meet ${worst?.expectation}${rest}. ops.quality_results has all of them.`,
  };
}

function names(result: GateResult, gate: Gate, passed: boolean): string[] {
  return result.assets.filter((asset) => asset.gate === gate && asset.passed === passed).map(({ name }) => name);
}
