import type { DeliveredEvent, EventHandler } from '@tributary/platform/cloud-function';
import type { Contracts } from '@tributary/platform/contracts';
import type { CostGuard } from '@tributary/platform/cost';
import { type Clock, inspectCommits, systemClock } from '@tributary/platform/group-commit';
import type { Lake } from '@tributary/platform/lake';
import type { Logger } from '@tributary/platform/log';
import { set } from '@tributary/platform/metrics';
import type { Warehouse } from '@tributary/platform/warehouse';
import { DeadLetters } from './dead-letters.ts';
import { Freshness } from './freshness.ts';

export interface ObservePorts {
  readonly lake: Lake;
  readonly bucket: string;
  readonly warehouse: Pick<Warehouse, 'query'>;
  readonly contracts: () => Promise<Contracts>;
  readonly cost: Pick<CostGuard, 'admit' | 'look'>;
  /** Bytes a day; undefined where nothing is ever stopped. */
  readonly dailyBytes: number | undefined;
  readonly clock?: Clock;
}

/**
 * Looks, at each `sweep.tick`, at what no event tells: what waits, what lies aside, how new the newest rows are, what the day has cost. It changes nothing, and what
 * cannot be looked at now is left out, for the next tick looks again.
 */
export function observeHandler(ports: ObservePorts): EventHandler {
  const { lake, bucket, warehouse, contracts, cost, dailyBytes, clock = systemClock } = ports;
  const letters = new DeadLetters(lake, bucket);
  const freshness = new Freshness({ warehouse, cost, now: () => clock.now() });
  const stages = new Set<string>();

  async function commits(): Promise<void> {
    for (const { name: commit, waiting, openManifest } of await inspectCommits(lake, bucket, clock)) {
      set('tributary.commit.waiting', waiting, { commit });
      set('tributary.commit.open', openManifest === undefined ? 0 : 1, { commit });
    }
  }

  async function quarantine(): Promise<void> {
    const objects = new Map([...(await contracts()).keys()].map((stream) => [stream, 0]));
    for await (const { name } of lake.list(bucket, 'quarantine/')) {
      const stream = name.split('/')[1]!;
      if (!name.endsWith('.reason.json')) objects.set(stream, (objects.get(stream) ?? 0) + 1);
    }
    for (const [stream, number] of objects) set('tributary.quarantine.objects', number, { stream });
  }

  async function costs(): Promise<void> {
    const account = await cost.look();
    for (const stage of Object.keys(account.stages)) stages.add(stage);
    // A stage that has cost nothing yet today is at 0, not at what it was yesterday.
    for (const stage of stages) set('tributary.cost.bytes_billed_today', account.stages[stage] ?? 0, { stage });
    if (dailyBytes !== undefined) set('tributary.cost.budget', dailyBytes, {});
  }

  const looks = {
    commits,
    letters: () => letters.report(),
    quarantine,
    freshness: async () => freshness.report(await contracts()),
    costs,
  };

  return async (delivered: DeliveredEvent, log: Logger) => {
    if (delivered.kind !== 'chain' || delivered.event.type !== 'sweep.tick') return;
    let failed = 0;
    for (const [what, look] of Object.entries(looks)) {
      try {
        await look();
      } catch (error) {
        failed += 1;
        log.warn({ err: error, what }, 'this could not be looked at');
      }
    }
    // Only a whole look counts: who watches this figure learns of a look that keeps failing.
    if (failed === 0) set('tributary.observer.looked', clock.now() / 1_000, {});
  };
}
