import { type Line, lines } from './line.ts';
import type { PriceList, PriceName } from './price.ts';
import { INSTANCES, redisGiB, serverRequestsPerSecond, servers } from './sizing.ts';
import { HOURS_PER_MONTH, SECONDS_PER_MONTH } from './units.ts';
import type { Workload } from './workload.ts';

/** https://cloud.google.com/memorystore/docs/redis/pricing: the price of a GiB falls with the instance's size. */
function redisPrice(gib: number): PriceName {
  if (gib <= 4) return 'redisSmall';
  if (gib <= 10) return 'redisMedium';
  return gib <= 35 ? 'redisLarge' : 'redisHuge';
}

/** A primary and a replica; at a border between capacities a larger instance may cost less, so the least of both counts. */
export function onlineStore(workload: Workload, list: PriceList): Line[] {
  const line = lines('Memorystore', list);
  const needed = redisGiB(workload);
  const [best] = [needed, 5, 11, 36]
    .filter((gib) => gib >= needed)
    .map((gib) => line(`${gib} GiB with a replica`, gib * HOURS_PER_MONTH, redisPrice(gib)))
    .sort((a, b) => a.dollars - b.dollars);
  return best ? [best] : [];
}

/** Feature rows come all the time, so an instance is always at work; the price of that time, and of each request, depends on how Cloud Run bills it. */
export function featureServer(workload: Workload, list: PriceList): Line[] {
  const line = lines('feast-server', list);
  const seconds = servers(workload) * SECONDS_PER_MONTH;
  const { vcpus, memoryGiB } = INSTANCES['feast-server'];
  if (workload.serverBilling === 'instances')
    return [line('vCPU', seconds * vcpus, 'alwaysOnVcpu'), line('memory', seconds * memoryGiB, 'alwaysOnMemory')];
  return [
    line('vCPU', seconds * vcpus, 'requestVcpu'),
    line('memory', seconds * memoryGiB, 'requestMemory'),
    line('requests', (serverRequestsPerSecond(workload) * SECONDS_PER_MONTH) / 1e6, 'requests'),
  ];
}
