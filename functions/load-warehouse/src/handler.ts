import type { DeliveredEvent, EventHandler } from '@tributary/platform/cloud-function';
import { TransientError } from '@tributary/platform/errors';
import { type Clock, systemClock } from '@tributary/platform/group-commit';
import type { LiveContracts } from '@tributary/platform/live-contracts';
import type { Logger } from '@tributary/platform/log';
import { StreamArrivals } from './arrivals.ts';
import { Ledger } from './ledger.ts';
import { type LoadPorts, loadWork } from './load.ts';
import { streamOf } from './object.ts';
import { StagingTables } from './staging-tables.ts';
import { Sweep } from './sweep.ts';

export interface LoadHandlerPorts extends Omit<LoadPorts, 'tables'> {
  /** A stream that has a contract has a staging table. */
  readonly contracts: Pick<LiveContracts, 'fresh'>;
  readonly clock?: Clock;
  /** Between two loads of a table, at least. */
  readonly spacingMs?: number;
}

/**
 * Loads processed objects into `staging`.
 *
 * Each event puts its object on record and then tries to load all that waits for its stream; whoever finds that being done leaves at once. `sweep.tick`
 * loads what was left behind by a crash and looks for objects whose event never came.
 */
export function loadHandler(ports: LoadHandlerPorts): EventHandler {
  const { lake, bucket, warehouse, contracts, spacingMs = 0, clock = systemClock } = ports;
  const work = { ...ports, tables: new StagingTables({ contracts, warehouse }) };
  const arrivals = new Map<string, StreamArrivals>();
  const sweep = new Sweep({ lake, bucket, ledger: new Ledger(warehouse), now: () => clock.now() });

  /** Made when a stream is first met: contracts may come while this runs. */
  function arrivalsOf(stream: string): StreamArrivals {
    const known = arrivals.get(stream);
    if (known) return known;
    const made = new StreamArrivals(stream, { lake, bucket, clock, spacingMs });
    arrivals.set(stream, made);
    return made;
  }

  async function drain(stream: string, { commit }: StreamArrivals, log: Logger): Promise<void> {
    const { outcome } = await commit.drain(loadWork(stream, work, log));
    // What waits still is gone on with when the event comes again.
    if (outcome === 'out-of-time') throw new TransientError('LOAD_GOES_ON', `there is more of ${stream} to load`);
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
      await arrivalsOf(stream).record({ name: object.name, generation: object.generation, size: object.size });
      await drain(stream, arrivalsOf(stream), log);
    } else if (delivered.event.type === 'sweep.tick') {
      for (const stream of (await contracts.fresh()).keys()) {
        const ofStream = arrivalsOf(stream);
        if (await ofStream.commit.isIdle()) await sweep.run(stream, ofStream, log);
        await drain(stream, ofStream, log);
      }
    }
  };
}
