/** How much of the source was read, at a moment. */
export interface Sample {
  /** Milliseconds. */
  readonly at: number;
  readonly records: number;
}

/** Before this share the job is still warming up: classes load, code is compiled, buffers fill. */
const STEADY_FROM = 0.35;

/**
 * Records a second between 35 % and the end of the source.
 *
 * @param samples in order; the last one has all records
 */
export function steadyRate(samples: readonly Sample[], total: number): number {
  const began = crossing(samples, STEADY_FROM * total);
  const ended = crossing(samples, total);
  return ((1 - STEADY_FROM) * total * 1_000) / (ended - began);
}

/** When the count came to `records`: between two samples in proportion. */
function crossing(samples: readonly Sample[], records: number): number {
  const after = samples.findIndex((sample) => sample.records >= records);
  const next = samples[after];
  if (next === undefined) throw new RangeError(`no sample has ${records} records`);
  const last = samples[after - 1];
  if (last === undefined || next.records === last.records) return next.at;
  return last.at + ((next.at - last.at) * (records - last.records)) / (next.records - last.records);
}
