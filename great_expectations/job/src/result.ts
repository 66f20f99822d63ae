import { TransientError } from '@tributary/platform/errors';
import { z } from 'zod';

const gate = z.enum(['landing', 'staging', 'features']);
export type Gate = z.output<typeof gate>;

const failure = z.object({ code: z.string(), message: z.string() });

const check = z.object({
  gate,
  asset: z.string(),
  expectation: z.string(),
  success: z.boolean(),
  critical: z.boolean(),
  detail: z.record(z.string(), z.unknown()),
});
export type Check = z.output<typeof check>;

/** What validate.py prints. */
const resultSchema = z.object({
  assets: z.array(z.object({ gate, name: z.string(), passed: z.boolean() })).default([]),
  /** Views that were not looked at, for streams that they are made from failed. */
  held: z.record(z.string(), z.array(z.string())).default({}),
  checks: z.array(check).default([]),
  bytes_billed: z.number().default(0),
  error: failure.optional(),
});

export type GateResult = z.output<typeof resultSchema>;

/** @throws {TransientError} GATE_UNAVAILABLE where the data could not be looked at now. */
export function readResult(printed: unknown): GateResult {
  const result = resultSchema.parse(printed);
  if (result.error?.code === 'UNAVAILABLE') throw new TransientError('GATE_UNAVAILABLE', result.error.message);
  return result;
}

/** Whether the check keeps something back. */
export function isFailing({ success, critical }: Check): boolean {
  return !success && critical;
}
