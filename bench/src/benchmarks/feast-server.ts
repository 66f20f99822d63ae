import { type Contestant, startContestants } from '../feast-server/contestants.ts';
import { type Loaded, loadGenerator, type Shape } from '../feast-server/load.ts';
import { type Figures, loadAverage, printFigures, round } from '../report/figures.ts';
import { table } from '../report/table.ts';
import { startStack } from '../stack.ts';

const SHAPES: readonly Shape[] = [
  { entities: 1, features: 10 },
  { entities: 50, features: 10 },
  { entities: 50, features: 20 },
  { entities: 100, features: 50 },
];
const CONNECTIONS = [1, 8] as const;
const MEBIBYTE = 2 ** 20;

export interface FeastServerOptions {
  readonly seconds: number;
  readonly rounds: number;
}

interface Measured extends Loaded {
  readonly cpuMsPerRequest: number;
  readonly rssMiB: number;
}

/**
 * Requests for features a second: the feature server against `feast serve` with one and two workers and a bare Node HTTP server, all with the same Redis on
 * this machine. Contestants take turns within each shape, round after round; of each the median round counts.
 */
export async function feastServer({ seconds, rounds }: FeastServerOptions): Promise<void> {
  const load = loadAverage();
  const generator = await loadGenerator();
  const stack = await startStack(['redis']);
  const contestants: Contestant[] = [];
  const figures: Figures = { load_average_before: load, load_generator: generator.name };
  try {
    contestants.push(...(await startContestants(stack)));
    const rows = [
      ['entities × features', 'connections', '', 'requests/s', 'p50 ms', 'p99 ms', 'CPU ms/request', 'RSS MiB'],
    ];
    for (const shape of SHAPES) {
      for (const connections of CONNECTIONS) {
        const results = await compare(contestants, rounds, async ({ url }) =>
          generator.apply({ url, shape, connections, seconds }),
        );
        for (const [{ name }, result] of results) {
          rows.push(rowOf(shape, connections, name, result));
          Object.assign(figures, figuresOf(`${name}_${shape.entities}x${shape.features}_c${connections}`, result));
        }
        process.stdout.write(`${shape.entities} × ${shape.features} at ${connections} done\n`);
      }
    }
    process.stdout.write(`\n${table(rows)}\n\n`);
    for (const { name, readyMs } of contestants) figures[`${name}_ready_ms`] = round(readyMs);
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.stop()));
    await stack.stop();
  }
  const rate = (name: string, shape: string): number => Number(figures[`${name}_${shape}_c8_requests_per_s`]);
  for (const shape of ['1x10', '50x10', '50x20', '100x50']) {
    figures[`ratio_${shape}`] = round(rate('ours', shape) / rate('feast', shape));
  }
  figures.ratio_1x10_of_bare_node = round(rate('ours', '1x10') / rate('bare_node', '1x10'));
  figures.ratio = figures.ratio_1x10!;
  printFigures('feast-server', figures);
}

async function compare(
  contestants: readonly Contestant[],
  rounds: number,
  apply: (contestant: Contestant) => Promise<Loaded>,
): Promise<Map<Contestant, Measured>> {
  const all = new Map<Contestant, Measured[]>(contestants.map((contestant) => [contestant, []]));
  for (let turn = 0; turn < rounds; turn += 1) {
    for (const contestant of contestants) {
      const before = contestant.cpuSeconds();
      const loaded = await apply(contestant);
      const cpu = contestant.cpuSeconds() - before;
      all.get(contestant)!.push({
        ...loaded,
        cpuMsPerRequest: (cpu * 1_000) / loaded.requests,
        rssMiB: contestant.rssBytes() / MEBIBYTE,
      });
    }
  }
  return new Map([...all].map(([contestant, runs]) => [contestant, median(runs)]));
}

/** The run with the median rate: its figures belong together. */
function median(runs: readonly Measured[]): Measured {
  const sorted = [...runs].sort((a, b) => a.requestsPerSecond - b.requestsPerSecond);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

function rowOf({ entities, features }: Shape, connections: number, name: string, it: Measured): string[] {
  const numbers = [it.requestsPerSecond, it.p50Ms, it.p99Ms, it.cpuMsPerRequest, it.rssMiB].map((value) =>
    String(round(value)),
  );
  return [`${entities} × ${features}`, String(connections), name, ...numbers];
}

function figuresOf(prefix: string, it: Measured): Figures {
  return {
    [`${prefix}_requests_per_s`]: round(it.requestsPerSecond),
    [`${prefix}_p50_ms`]: round(it.p50Ms),
    [`${prefix}_p99_ms`]: round(it.p99Ms),
    [`${prefix}_cpu_ms_per_request`]: round(it.cpuMsPerRequest),
    [`${prefix}_rss_mib`]: round(it.rssMiB),
  };
}
