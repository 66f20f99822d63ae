import type { DeliveredEvent, EventHandler } from '@tributary/platform/cloud-function';
import { TransientError } from '@tributary/platform/errors';
import { chainEvent, chainMessage, digestId } from '@tributary/platform/events';
import { type Clock, type DrainOutcome, systemClock } from '@tributary/platform/group-commit';
import { findObject } from '@tributary/platform/lake';
import type { LiveContracts } from '@tributary/platform/live-contracts';
import type { Logger } from '@tributary/platform/log';
import { count } from '@tributary/platform/metrics';
import { StreamArrivals } from './arrivals.ts';
import { type BudgetStanding, budgetMessage, LoadBudgetSpent } from './budget.ts';
import { Ledger } from './ledger.ts';
import { type LoadPorts, loadWork } from './load.ts';
import { type LoadObject, streamOf } from './object.ts';
import { StagingTables } from './staging-tables.ts';
import { Sweep } from './sweep.ts';

export interface LoadHandlerPorts extends Omit<LoadPorts, 'tables'> {
  /** A stream that has a contract has a staging table. */
  readonly contracts: Pick<LiveContracts, 'fresh'>;
  readonly clock?: Clock;
  /** Between two loads of a table, at least. */
  readonly spacingMs?: number;
  /** Load jobs of a table in any 24 hours. */
  readonly jobsPerDay: number;
}

/**
 * Loads processed objects into `staging`.
 *
 * Each event puts its object on record and then tries to load all that waits for its stream; whoever finds that being done leaves at once. `sweep.tick`
 * loads what was left behind by a crash, or waited for the day's budget of jobs, and looks for objects whose event never came.
 */
export function loadHandler(ports: LoadHandlerPorts): EventHandler {
  const { lake, bucket, warehouse, bus, contracts, spacingMs = 0, jobsPerDay, clock = systemClock } = ports;
  const work = { ...ports, tables: new StagingTables({ contracts, warehouse }) };
  const arrivals = new Map<string, StreamArrivals>();
  const sweep = new Sweep({ lake, bucket, ledger: new Ledger(warehouse), now: () => clock.now() });

  /** Made when a stream is first met: contracts may come while this runs. */
  function arrivalsOf(stream: string): StreamArrivals {
    const known = arrivals.get(stream);
    if (known) return known;
    const made = new StreamArrivals(stream, { lake, bucket, clock, spacingMs, jobsPerDay });
    arrivals.set(stream, made);
    return made;
  }

  /** Returns how many manifests this call ended. */
  async function drain(stream: string, ofStream: StreamArrivals, log: Logger): Promise<number> {
    const { outcome, manifests } = await drainWithin(stream, ofStream, log);
    await tellOfBudget(stream, ofStream);
    // What waits still is gone on with when the event comes again; what waits for hours, at a sweep.
    if (outcome === 'out-of-time' || (outcome === 'later' && ofStream.isDueSoon())) {
      throw new TransientError('LOAD_GOES_ON', `there is more of ${stream} to load`);
    }
    return manifests;
  }

  async function drainWithin(
    stream: string,
    ofStream: StreamArrivals,
    log: Logger,
  ): Promise<Pick<DrainOutcome, 'outcome' | 'manifests'>> {
    if (ofStream.isSpent()) return { outcome: 'later', manifests: 0 };
    try {
      return await ofStream.commit.drain(loadWork(stream, work, ofStream.jobs, log));
    } catch (error) {
      if (!(error instanceof LoadBudgetSpent)) throw error;
      log.warn({ stream }, error.message);
      ofStream.restAfter(error);
      return { outcome: 'later', manifests: 0 };
    }
  }

  async function tellOfBudget(stream: string, { jobs }: StreamArrivals): Promise<void> {
    await jobs.tell({
      spent: (standing) => tellBudget(stream, standing),
      back: () => tellBudget(stream, undefined),
    });
  }

  async function tellBudget(stream: string, spent: BudgetStanding | undefined): Promise<void> {
    const now = new Date(clock.now());
    const event = chainEvent({
      type: spent ? 'incident.raised' : 'incident.cleared',
      runId: digestId(['load-budget', stream, now.toISOString()]),
      streams: [stream],
      startedAt: now,
      finishedAt: now,
      ...(spent ? { counts: { jobs: spent.spent, limit: spent.limit } } : {}),
      detail: { incident: `load-budget:${stream}`, runbook: 'load-stuck' },
      error: spent ? { code: 'LOAD_BUDGET_SPENT', message: budgetMessage(stream, spent) } : null,
    });
    await bus.publish('chain', [chainMessage(event)]);
  }

  /** Loads what was left behind; nothing that goes wrong with one stream holds up another. */
  async function sweepAll(log: Logger): Promise<void> {
    const declared = await contracts.fresh();
    const waiting = new Set((await sweep.waiting()).filter((stream) => declared.has(stream)));
    const missed = await sweep.missed(waiting);
    const streams = [...new Set([...waiting, ...missed.keys()])].filter((stream) => declared.has(stream));
    const results = await Promise.allSettled(streams.map((stream) => repair(stream, missed.get(stream) ?? [], log)));
    // A budget comes back whether something arrives or not; what this process knows of it costs no request.
    for (const [stream, ofStream] of arrivals) if (!streams.includes(stream)) await tellOfBudget(stream, ofStream);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async function repair(stream: string, missed: readonly LoadObject[], log: Logger): Promise<void> {
    const ofStream = arrivalsOf(stream);
    await ofStream.recordMissed(missed);
    sweep.recorded(missed);
    const manifests = await drain(stream, ofStream, log);
    const commit = ofStream.commit.name;
    if (missed.length > 0) {
      log.warn({ stream, objects: missed.length }, 'the sweep loaded objects whose event never came');
      count('tributary.sweep.repairs', missed.length, { commit, repaired: 'event' });
    } else if (manifests > 0) {
      log.warn({ stream, manifests }, 'the sweep loaded what nobody was at');
      count('tributary.sweep.repairs', manifests, { commit, repaired: 'arrival' });
    }
  }

  /** Of that generation; undefined where it is no longer there. Notifications without payload do not tell it. */
  async function sizeOf(name: string, generation: string): Promise<number | undefined> {
    const found = await findObject(lake, bucket, name);
    return found?.generation === generation ? found.size : undefined;
  }

  return async (delivered: DeliveredEvent, log: Logger) => {
    if (delivered.kind === 'object') {
      const { object } = delivered;
      const stream = object.bucket === bucket ? streamOf(object.name) : undefined;
      if (stream === undefined) {
        log.info({ bucket: object.bucket }, 'the object is not for this function');
        return;
      }
      if (!(await contracts.fresh()).has(stream)) {
        log.error({ stream }, 'no contract declares the stream of a processed object; it stays in the lake');
        return;
      }
      const { name, generation } = object;
      const size = object.size ?? (await sizeOf(name, generation));
      if (size === undefined) {
        log.info({ object: name }, 'the object is gone or was replaced; there is nothing to do for this event');
        return;
      }
      await arrivalsOf(stream).record({ name, generation, size });
      await drain(stream, arrivalsOf(stream), log);
    } else if (delivered.event.type === 'sweep.tick') {
      await sweepAll(log);
    }
  };
}
