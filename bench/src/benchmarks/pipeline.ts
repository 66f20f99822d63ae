import type { Contestant } from '../contestants/contestant.ts';
import { flinkSql } from '../contestants/flink-sql.ts';
import { tributary } from '../contestants/tributary.ts';
import type { StateBackend } from '../flink/profile.ts';
import { Infrastructure } from '../infrastructure.ts';
import { measure, type Run } from '../measure.ts';
import { type Figures, loadAverage, printFigures, round } from '../report/figures.ts';
import { medianRun, runFigures, runsTable } from '../report/runs.ts';

export interface PipelineOptions {
  readonly events: number;
  readonly runs: number;
  readonly only?: 'ours' | 'sql';
  readonly state?: StateBackend;
  /** Arguments of the pipeline, `name=value`. */
  readonly pipelineArg: readonly string[];
  /** Table options of the SQL job, `name=value`. */
  readonly sqlSet: readonly string[];
  /** Where to put a flight recording of the TaskManager. */
  readonly recording?: string;
}

/** The pipeline against a Flink SQL job that does the same work, from the same topic, one after the other. */
export async function pipeline(options: PipelineOptions): Promise<void> {
  const load = loadAverage();
  const contestants: Contestant[] = [];
  if (options.only !== 'sql') contestants.push(tributary(options.pipelineArg, options.recording));
  if (options.only !== 'ours') contestants.push(await flinkSql(options.sqlSet, options.recording));
  const states: StateBackend[] = options.state === undefined ? ['heap', 'rocksdb'] : [options.state];
  const infrastructure = await Infrastructure.start();
  const backlog = await infrastructure.backlog(options.events);
  const all: Run[] = [];
  for (const state of states) {
    // In turns, so that what the machine does meanwhile meets both.
    for (let turn = 0; turn < options.runs; turn++)
      for (const contestant of contestants) all.push(await measure(contestant, state, infrastructure, backlog));
  }
  await infrastructure.stop();

  const figures: Figures = {
    events_count: options.events,
    duplicates_count: backlog.duplicates,
    bad_records_count: backlog.deadLetters,
    runs_count: options.runs,
    load_average_before: load,
  };
  for (const state of states) {
    const [ours, sql] = ['ours', 'sql'].map((name) => {
      const runs = all.filter((run) => run.contestant === name && run.state === state);
      return runs.length === 0 ? undefined : medianRun(runs);
    });
    for (const run of [ours, sql])
      if (run !== undefined) Object.assign(figures, runFigures(`${run.contestant}_${state}`, run));
    if (ours !== undefined && sql !== undefined) {
      figures[`ratio_${state}_steady`] = round(ours.steadyEventsPerSecond / sql.steadyEventsPerSecond);
      figures[`ratio_${state}_cold`] = round(ours.coldEventsPerSecond / sql.coldEventsPerSecond);
    }
  }
  const ratio = figures.ratio_heap_steady ?? figures.ratio_rocksdb_steady;
  if (ratio !== undefined) figures.ratio = ratio;
  process.stdout.write(`\n${runsTable(all)}\n`);
  for (const state of states) {
    if (figures[`ratio_${state}_steady`] === undefined) continue;
    process.stdout.write(
      `${state}: ours makes ${figures[`ratio_${state}_steady`]} times Flink SQL steady, ${figures[`ratio_${state}_cold`]} times cold start included\n`,
    );
  }
  process.stdout.write('\n');
  printFigures('pipeline', figures);
}
