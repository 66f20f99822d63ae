/** Milliseconds at the quantiles that people ask for. */
export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** @param milliseconds at least one, in any order */
export function quantiles(milliseconds: readonly number[]): Quantiles {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  // The nearest rank: a value that was measured, and no mean of two.
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
