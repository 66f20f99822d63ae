import { TransientError } from '@tributary/platform/errors';
import { type ChainEvent, chainEvent, digestId } from '@tributary/platform/events';
import type { Row } from '@tributary/platform/warehouse';
import { z } from 'zod';
import type { GateRequest } from './request.ts';

const gate = z.enum(['landing', 'staging', 'features']);
type Gate = z.output<typeof gate>;

const failure = z.object({ code: z.string(), message: z.string() });

/** What validate.py prints. */
const resultSchema = z.object({
  assets: z.array(z.object({ gate, name: z.string(), passed: z.boolean() })).default([]),
  checks: z
    .array(
      z.object({
        gate,
        asset: z.string(),
        expectation: z.string(),
        success: z.boolean(),
        critical: z.boolean(),
        detail: z.record(z.string(), z.unknown()),
      }),
    )
    .default([]),
  bytes_processed: z.number().default(0),
  error: failure.optional(),
});

export type GateResult = z.output<typeof resultSchema>;

/** Failing checks told in an event; `ops.quality_results` has them all. */
const MAX_FAILING_TOLD = 20;

/** @throws {TransientError} GATE_UNAVAILABLE where the data could not be looked at now. */
export function readResult(printed: unknown): GateResult {
  const result = resultSchema.parse(printed);
  if (result.error?.code === 'UNAVAILABLE') throw new TransientError('GATE_UNAVAILABLE', result.error.message);
  return result;
}

/** Rows of `ops.quality_results`, with ids that make a repeated insert one. */
export function qualityRows(
  result: GateResult,
  request: GateRequest,
  checkedAt: Date,
): { rows: Row[]; insertIds: string[] } {
  const { runId, manifest, attempt } = request;
  return {
    rows: result.checks.map(({ gate, asset, expectation, success, critical, detail }) => ({
      run_id: runId,
      gate,
      asset,
      expectation,
      success,
      detail: JSON.stringify({ ...detail, critical }),
      checked_at: checkedAt.toISOString(),
    })),
    insertIds: result.checks.map((it) => digestId([manifest, String(attempt), it.gate, it.asset, it.expectation])),
  };
}

/**
 * The `quality.checked` events of a run, in the order to tell them.
 *
 * landing: one. warehouse: staging, and features unless staging failed, which ends the run. Where some views passed and some did not, there are two for
 * features: first `ok` with those that passed, so that they go online, then `failed` with the others. A gate that had nothing to look at passes.
 */
export function reports(result: GateResult, request: GateRequest, startedAt: Date): ChainEvent[] {
  const tell = (gate: Gate, failedAssets: boolean, views: readonly string[]): ChainEvent =>
    report(gate, failedAssets, views, result, request, startedAt);
  const first: Gate = request.gate === 'landing' ? 'landing' : 'staging';
  const firstFailed = result.error !== undefined || names(result, first, false).length > 0;
  const opening = tell(first, firstFailed, []);
  if (first === 'landing' || firstFailed) return [opening];
  const [passed, failed] = [names(result, 'features', true), names(result, 'features', false)];
  const events = [opening];
  if (passed.length > 0 || failed.length === 0) events.push(tell('features', false, passed));
  if (failed.length > 0) events.push(tell('features', true, failed));
  return events;
}

function report(
  gate: Gate,
  failed: boolean,
  views: readonly string[],
  result: GateResult,
  request: GateRequest,
  startedAt: Date,
): ChainEvent {
  const checks = result.checks.filter((check) => check.gate === gate);
  const failing = failed ? checks.filter((check) => !check.success && check.critical) : [];
  const { manifest, attempt, runId, cause, traceparent, object } = request;
  return chainEvent({
    type: 'quality.checked',
    runId,
    cause,
    status: failed ? 'failed' : 'ok',
    streams: request.streams,
    views,
    counts: {
      checks: checks.length,
      failed: checks.filter((check) => !check.success && check.critical).length,
      warnings: checks.filter((check) => !check.success && !check.critical).length,
    },
    // Told once a run, with its first gate.
    bytesBilled: gate === 'features' ? 0 : result.bytes_processed,
    startedAt,
    traceparent,
    detail: {
      gate,
      manifest,
      attempt,
      failing: failing
        .slice(0, MAX_FAILING_TOLD)
        .map(({ asset, expectation, detail }) => ({ asset, expectation, detail })),
      ...(object === undefined ? {} : { object }),
    },
    error: failed ? (result.error ?? gateFailed(gate, failing)) : null,
    identity: [manifest, String(attempt), gate],
  });
}

function gateFailed(gate: Gate, failing: GateResult['checks']): { code: string; message: string } {
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
