import { tributary } from '../contestants/tributary.ts';
import type { StateBackend } from '../flink/profile.ts';
import { Infrastructure } from '../infrastructure.ts';
import { measure, type Run } from '../measure.ts';
import { type Figures, loadAverage, printFigures, round } from '../report/figures.ts';
import { medianRun, runFigures, runsTable } from '../report/runs.ts';

const TIMES = 4;

export interface LinearOptions {
  readonly events: number;
  readonly runs: number;
  readonly state?: StateBackend;
  readonly pipelineArg: readonly string[];
}

/** Does four times the work take four times as long, in the same memory? And what does remembering an id take? */
export async function linear(options: LinearOptions): Promise<void> {
  const load = loadAverage();
  const state = options.state ?? 'heap';
  const infrastructure = await Infrastructure.start();
  const contestant = tributary(options.pipelineArg);
  const all: Run[] = [];
  const medians: Run[] = [];
  for (const events of [options.events, options.events * TIMES]) {
    const backlog = await infrastructure.backlog(events);
    const runs: Run[] = [];
    for (let turn = 0; turn < options.runs; turn++)
      runs.push(await measure(contestant, state, infrastructure, backlog));
    all.push(...runs);
    medians.push(medianRun(runs));
  }
  await infrastructure.stop();
  const [small, large] = medians as [Run, Run];
  const ids = large.events - small.events;
  const figures: Figures = {
    events_count: small.events,
    times_count: TIMES,
    load_average_before: load,
    ...runFigures(`ours_${state}_x1`, small),
    ...runFigures(`ours_${state}_x${TIMES}`, large),
    ratio_peak_rss: round(large.peakRssMb / small.peakRssMb),
    ratio_peak_live_heap: round(large.peakLiveHeapMb / small.peakLiveHeapMb),
    dedupe_state_mb_per_million_ids: round((1e6 * (dedupeMb(large) - dedupeMb(small))) / ids),
    ratio_cold: round(large.coldEventsPerSecond / small.coldEventsPerSecond),
    ratio: round(large.steadyEventsPerSecond / small.steadyEventsPerSecond),
  };
  process.stdout.write(`\n${runsTable(all)}\n`);
  process.stdout.write(
    `${TIMES} times the events: ${figures.ratio} of the steady rate, ${figures.ratio_peak_rss} of the memory; a million remembered ids take ${figures.dedupe_state_mb_per_million_ids} MB of checkpoint\n\n`,
  );
  printFigures('linear', figures);
}

/** State of the vertex that deduplicates, in the last checkpoint. */
function dedupeMb(run: Run): number {
  const vertices = [...run.checkpoints.stateBytesByVertex].filter(([name]) => name.includes('Deduplicate'));
  return vertices.reduce((sum, [, bytes]) => sum + bytes, 0) / 2 ** 20;
}
