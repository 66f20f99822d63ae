import type { Run } from '../measure.ts';
import { type Figures, round } from './figures.ts';
import { table, whole } from './table.ts';

const MEBIBYTE = 2 ** 20;

/** Of runs of the same thing the one with the median steady rate: its figures belong together. */
export function medianRun(runs: readonly Run[]): Run {
  const sorted = [...runs].sort((a, b) => a.steadyEventsPerSecond - b.steadyEventsPerSecond);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

/** The runs as a table for people. */
export function runsTable(runs: readonly Run[]): string {
  const header = [
    '',
    'events',
    'events/s cold',
    'steady',
    'seconds',
    'CPU s',
    'peak RSS MB',
    'live heap MB',
    'GC s',
    'state MB',
    'checkpoint ms (median / max)',
  ];
  return table([
    header,
    ...runs.map((run) => [
      `${run.contestant} ${run.state}`,
      whole(run.events),
      whole(run.coldEventsPerSecond),
      whole(run.steadyEventsPerSecond),
      run.seconds.toFixed(1),
      whole(run.cpuSeconds),
      whole(run.peakRssMb),
      whole(run.peakLiveHeapMb),
      run.gcSeconds.toFixed(1),
      whole(run.checkpoints.stateBytes / MEBIBYTE),
      `${whole(run.checkpoints.medianMs)} / ${whole(run.checkpoints.maxMs)}`,
    ]),
  ]);
}

/** A run's figures under `prefix`. */
export function runFigures(prefix: string, run: Run): Figures {
  return {
    [`${prefix}_cold_events_per_s`]: round(run.coldEventsPerSecond),
    [`${prefix}_steady_events_per_s`]: round(run.steadyEventsPerSecond),
    [`${prefix}_wall_s`]: round(run.seconds),
    [`${prefix}_cpu_s`]: round(run.cpuSeconds),
    [`${prefix}_peak_rss_mb`]: run.peakRssMb,
    [`${prefix}_peak_live_heap_mb`]: run.peakLiveHeapMb,
    [`${prefix}_gc_s`]: round(run.gcSeconds),
    [`${prefix}_state_mb`]: round(run.checkpoints.stateBytes / MEBIBYTE),
    [`${prefix}_checkpoint_median_ms`]: run.checkpoints.medianMs,
    [`${prefix}_checkpoint_max_ms`]: run.checkpoints.maxMs,
    [`${prefix}_checkpoints_count`]: run.checkpoints.completed,
    [`${prefix}_feature_messages_count`]: run.featureMessages,
  };
}
