import { z } from 'zod';
import type { Bus } from '../bus/port.ts';
import type { DeliveredEvent, EventHandler } from '../cloud-function/index.ts';
import { CostBudgetSpentError, type CostGuard } from '../cost/index.ts';
import { type ChainEvent, chainMessage } from '../events/index.ts';
import {
  type Clock,
  type Failure,
  GroupCommit,
  isAnyWaiting,
  type LongWork,
  longestWaitMs,
  type Manifest,
} from '../group-commit/index.ts';
import { type Incident, Incidents } from '../incidents/index.ts';
import type { JobName, Jobs } from '../jobs/port.ts';
import type { Lake } from '../lake/port.ts';
import type { Logger } from '../log/index.ts';
import { count } from '../metrics/index.ts';

/** A stage of the event chain: events of one kind become runs of one Cloud Run job, whose report ends the run. */
export interface StageDefinition {
  /** The commit's name, and what `detail.manifest` of the report begins with. */
  readonly name: string;
  readonly job: JobName;
  /** Whether the event asks for a run. */
  readonly takes: (event: ChainEvent) => boolean;
  /** Whether the event is the report of a run of this stage; its detail has `{manifest, attempt}`. */
  readonly ends: (event: ChainEvent) => boolean;
  /** Whether a failed report is the run's result, such as a gate that found fault, and running again would find the same. */
  readonly isVerdict?: (event: ChainEvent) => boolean;
  /** The job's arguments. */
  readonly args: (run: StageRun) => readonly string[];
  /** A run starts once no event has come for `ms` and nothing waits for commits whose names begin with `after`; or after ten times that. */
  readonly settle?: { readonly ms: number; readonly after: string };
}

export interface StagePorts {
  readonly lake: Lake;
  /** The bucket of `control/`. */
  readonly bucket: string;
  readonly bus: Bus;
  readonly jobs: Jobs;
  /** Says whether a run may start; what asks for one while none may stays on record. */
  readonly cost: Pick<CostGuard, 'admit'>;
  readonly clock?: Clock;
}

/** One run: what all its events ask for, together. */
export interface StageRun {
  readonly manifest: string;
  readonly attempt: number;
  readonly streams: readonly string[];
  readonly views: readonly string[];
  /** Of the newest event: the run belongs to its chain. */
  readonly runId: string;
  readonly cause: string;
  readonly traceparent: string;
}

const requestSchema = z.object({
  event_id: z.string(),
  run_id: z.string(),
  time: z.string(),
  traceparent: z.string(),
  streams: z.array(z.string()),
  views: z.array(z.string()),
});
type RunRequest = z.output<typeof requestSchema>;

const reportSchema = z.object({ manifest: z.string(), attempt: z.coerce.number().int().min(1) });

/**
 * The handler of a stage's function. One run at a time, and whatever asks for one meanwhile is one run behind it.
 *
 * A job that failed, or died without a word, is started again by the next event or `sweep.tick`; after three attempts the run is given up with an
 * `incident.raised`, `stage:<name>`, which ends with the next report; what it covered joins the next run.
 */
export function stageHandler(definition: StageDefinition, ports: StagePorts): EventHandler {
  const { settle } = definition;
  const commit = new GroupCommit<RunRequest>({
    lake: ports.lake,
    bucket: ports.bucket,
    name: definition.name,
    payload: requestSchema,
    carryAs: ({ streams, views }) => JSON.stringify([streams, views]),
    ...(settle
      ? { settle: { ms: settle.ms, moreToCome: () => isAnyWaiting(ports.lake, ports.bucket, settle.after) } }
      : {}),
    ...(ports.clock ? { clock: ports.clock } : {}),
  });
  /** What may not run now is on record, and the sweep starts it when it may. */
  async function mayRun(log: Logger): Promise<boolean> {
    try {
      await ports.cost.admit('required', definition.name);
      return true;
    } catch (error) {
      if (!(error instanceof CostBudgetSpentError)) throw error;
      log.warn({ code: error.code }, error.message);
      return false;
    }
  }

  /** Where all is well this costs one listing, of nothing. */
  async function sweep(work: LongWork<RunRequest>, log: Logger): Promise<void> {
    if ((await commit.isIdle()) || !(await mayRun(log))) return;
    const outcome = await commit.repair(work);
    if (outcome === 'nothing-to-do' || outcome === 'running') return;
    const repaired = outcome === 'started' ? 'arrival' : 'job';
    log.warn({ outcome }, 'the sweep repaired a run');
    count('tributary.sweep.repairs', 1, { commit: commit.name, repaired });
  }

  return async (delivered: DeliveredEvent, log: Logger) => {
    if (delivered.kind !== 'chain') {
      log.info('objects are not for this function');
      return;
    }
    const { event } = delivered;
    const work = stageWork(definition, ports, log);
    if (event.type === 'sweep.tick') {
      await sweep(work, log);
      return;
    }
    if (definition.ends(event)) {
      // What could not run now will not run a moment later either: the next sweep or event tries again.
      if ((await takeReport(commit, definition, ports, event, log)) === 'again') return;
    } else if (definition.takes(event)) await commit.record(event.event_id, requestOf(event));
    else {
      log.debug('the event is not for this function');
      return;
    }
    if (!(await mayRun(log))) return;
    const outcome = await commit.startNext(work);
    log.info({ outcome }, 'what waits was looked at');
    // The open run may be one that died; this event is as good an occasion as the sweep.
    if (outcome === 'running') await commit.repair(work);
  };
}

async function takeReport(
  commit: GroupCommit<RunRequest>,
  definition: StageDefinition,
  ports: StagePorts,
  event: ChainEvent,
  log: Logger,
): Promise<'again' | 'ended'> {
  const report = reportSchema.safeParse(event.detail);
  if (!report.success) {
    log.error('a report names no manifest and attempt in its detail; its run will be repaired');
    return 'ended';
  }
  await tellRunsAgain(definition, ports, event);
  const { manifest, attempt } = report.data;
  const failed = event.status === 'failed';
  if (failed && !definition.isVerdict?.(event) && (await commit.giveBack(manifest, attempt)) === 'again') {
    log.warn({ manifest, attempt, code: event.error?.code }, 'a run failed and will be tried again');
    return 'again';
  }
  const failure = failed ? (event.error ?? { code: 'RUN_FAILED', message: '' }) : null;
  const outcome = await commit.finish(manifest, attempt, failure);
  log.info({ manifest, attempt, status: event.status, outcome }, 'a run was reported');
  return 'ended';
}

function stageWork(definition: StageDefinition, ports: StagePorts, log: Logger): LongWork<RunRequest> {
  const { jobs } = ports;
  return {
    async start(manifest) {
      const run = runOf(manifest);
      const execution = await jobs.start(definition.job, definition.args(run));
      const { streams, views, runId } = run;
      log.info(
        {
          ...{ manifest: run.manifest, attempt: run.attempt, execution, streams, views, run_id: runId },
          waited_ms_max: longestWaitMs(manifest),
        },
        'a run was started',
      );
      return execution;
    },
    state: (execution) => jobs.state(execution),
    async failed(manifest, failure) {
      log.error({ manifest: manifest.id, code: failure.code }, 'a run was given up');
      await tellGivenUp(definition, ports, manifest, failure);
    },
  };
}

/** Of runs that were given up: over with the next one that reports, whatever it reports. */
function incidentsOf({ name }: StageDefinition, { lake, bucket }: StagePorts): Incidents {
  return new Incidents(lake, bucket, `stage-${name}`);
}

async function tellGivenUp(
  definition: StageDefinition,
  ports: StagePorts,
  manifest: Manifest<RunRequest>,
  failure: Failure,
): Promise<void> {
  const run = runOf(manifest);
  const incident: Incident = {
    name: `stage:${definition.name}`,
    ...failure,
    streams: run.streams,
    views: run.views,
    counts: { attempts: manifest.attempt },
    runbook: 'job-not-run',
    detail: { stage: definition.name, manifest: manifest.id },
  };
  const startedAt = new Date(manifest.openedAt);
  const over = () => undefined;
  await incidentsOf(definition, ports).settle([incident], over, { ...run, startedAt }, (events) =>
    ports.bus.publish('chain', events.map(chainMessage)),
  );
}

async function tellRunsAgain(definition: StageDefinition, ports: StagePorts, event: ChainEvent): Promise<void> {
  const { run_id: runId, event_id: cause, traceparent } = event;
  await incidentsOf(definition, ports).settle(
    [],
    () => ({ stage: definition.name }),
    { runId, cause, traceparent },
    (events) => ports.bus.publish('chain', events.map(chainMessage)),
  );
}

function requestOf({ event_id, run_id, time, traceparent, streams, views }: ChainEvent): RunRequest {
  return { event_id, run_id, time, traceparent, streams, views };
}

/** What all arrivals of a manifest ask for. */
function runOf({ id, attempt, arrivals }: Manifest<RunRequest>): StageRun {
  const requests = arrivals.map(({ payload }) => payload).sort((a, b) => (instantOf(a) < instantOf(b) ? -1 : 1));
  const newest = requests.at(-1)!;
  return {
    manifest: id,
    attempt,
    streams: [...new Set(requests.flatMap(({ streams }) => streams))].sort(),
    views: [...new Set(requests.flatMap(({ views }) => views))].sort(),
    runId: newest.run_id,
    cause: newest.event_id,
    traceparent: newest.traceparent,
  };
}

/** Ties by id, so that every attempt names the same event as newest. */
function instantOf(request: RunRequest): string {
  return `${new Date(request.time).toISOString()} ${request.event_id}`;
}
