import type { DeliveredEvent, EventHandler } from '@tributary/platform/cloud-function';
import { chainMessage } from '@tributary/platform/events';
import { type Clock, GroupCommit, systemClock } from '@tributary/platform/group-commit';
import { type Incident, type IncidentRun, Incidents } from '@tributary/platform/incidents';
import type { Logger } from '@tributary/platform/log';
import { z } from 'zod';
import { inTurn } from '../in-turn.ts';
import { commitRewrites, type RewritePorts } from './commit.ts';
import { OPEN, streamOfRewrite } from './manifest.ts';

export interface RewriteHandlerPorts extends RewritePorts {
  readonly clock?: Clock;
}

/** A run's name ends in when it began: `compact-20261121T052002Z-1a2b3c`. */
const RUN = /^rewrites\/open\/[^/]+\/[a-z]+-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[^/]+\//;
/** No run takes as long; what it staged without a manifest then never gets one. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

/**
 * Carries out rewrites that batch modes of the pipeline staged, at each `sweep.tick`: they are nobody's haste, and a crash is repaired by the same look. One process
 * works on a stream at a time, and no stream's trouble holds up another.
 */
export function rewriteHandler(ports: RewriteHandlerPorts): EventHandler {
  const { lake, bucket, clock = systemClock } = ports;
  const commits = new Map<string, GroupCommit<Record<string, never>>>();

  function commitOf(stream: string): GroupCommit<Record<string, never>> {
    const known = commits.get(stream);
    if (known) return known;
    const commit = new GroupCommit<Record<string, never>>({
      lake,
      bucket,
      clock,
      name: `rewrite-${stream}`,
      payload: z.strictObject({}),
      // Its manifests are under rewrites/: an arrival only says that there are some.
      carryFailed: false,
      remember: 0,
    });
    commits.set(stream, commit);
    return commit;
  }

  return async (delivered: DeliveredEvent, log: Logger) => {
    if (delivered.kind !== 'chain' || delivered.event.type !== 'sweep.tick') return;
    const streams = new Set<string>();
    for await (const { name } of lake.list(bucket, OPEN)) {
      const stream = streamOfRewrite(name);
      if (stream === undefined) continue;
      if (name.endsWith('.json')) streams.add(stream);
      else if (isAbandoned(name, clock.now()) && !(await hasManifest(name))) await lake.remove(bucket, name);
    }
    await inTurn([...streams].map((stream) => () => carryOut(stream, log)));
  };

  async function carryOut(stream: string, log: Logger): Promise<void> {
    const commit = commitOf(stream);
    await commit.record('open', {});
    await commit.drain({
      run: async ({ id, openedAt }) => {
        await commitRewrites(stream, ports, log);
        await settle(stream, [], { runId: id, startedAt: new Date(openedAt) });
      },
      failed: async ({ id, openedAt }, error) => {
        log.error({ stream, code: error.code }, 'rewrites could not be carried out');
        const incident = {
          name: `rewrite:${stream}`,
          ...error,
          streams: [stream],
          runbook: 'backfill',
          detail: { stage: 'rewrite', manifest: id },
        };
        await settle(stream, [incident], { runId: id, startedAt: new Date(openedAt) });
      },
    });
  }

  /** Tells what is wrong with a stream's rewrites, and what no longer is. */
  function settle(stream: string, failing: readonly Incident[], run: IncidentRun): Promise<void> {
    const incidents = new Incidents(lake, bucket, `rewrite-${stream}`);
    return incidents.settle(
      failing,
      () => ({}),
      run,
      (events) => ports.bus.publish('chain', events.map(chainMessage)),
    );
  }

  async function hasManifest(staged: string): Promise<boolean> {
    return (await lake.read(bucket, staged.replace(/\.(output|changes)\.parquet$/, '.json'))) !== undefined;
  }
}

function isAbandoned(name: string, now: number): boolean {
  const [, year, month, day, hour, minute, second] = RUN.exec(name) ?? [];
  if (year === undefined) return false;
  const began = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return now - began > ABANDONED_AFTER_MS;
}
