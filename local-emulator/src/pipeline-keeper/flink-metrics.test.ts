import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RecordedMetrics } from '@tributary/platform/metrics/testing';
import { FlinkClient } from './flink-client.ts';
import { FlinkMetrics } from './flink-metrics.ts';

/** Ids as a job of ours has them on Flink 1.19. */
const PARSE = 'Stream/Parse/ParMultiDo(ParseMessages).parse_whole';
const LETTERS = 'Stream/WriteDeadLetters/ParMultiDo(WriteDeadLetters).lake_deadLetters';
const OTHERS = [
  'checkpointStartDelayNanos',
  'Flat_Map.numBytesInPerSecond',
  'Source__Bus.source_splits_0_backlog_elements',
];

let server: Server;
let recorded: RecordedMetrics;
let values: Record<string, number>;
let asked: string[];
let report: () => Promise<void>;

beforeEach(async () => {
  [values, asked, recorded] = [{ [PARSE]: 20, [LETTERS]: 3 }, [], new RecordedMetrics()];
  server = createServer((request, response) => {
    asked.push(request.url!);
    response.end(JSON.stringify(answer(new URL(request.url!, 'http://flink'))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const flink = new FlinkClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const metrics = new FlinkMetrics(flink);
  report = () => metrics.report('job');
});
afterEach(async () => {
  await recorded.stop();
  await new Promise((resolve) => server.close(resolve));
});

function answer({ pathname, searchParams }: URL): unknown {
  if (pathname === '/jobs/job/checkpoints')
    return { latest: { completed: { latest_ack_timestamp: 1_795_265_149_647, end_to_end_duration: 94 } } };
  if (pathname === '/jobs/job') return { vertices: [{ id: 'v' }] };
  const ids = searchParams.get('get')?.split(',');
  if (!ids) return [...Object.keys(values), ...OTHERS].map((id) => ({ id }));
  return ids.map((id) => ({ id, sum: values[id] }));
}

test("a job's own counters are counted by their steps, also over a restart that sets them back", async () => {
  await report();
  values[PARSE] = 25;
  await report();
  values = { [PARSE]: 4, [LETTERS]: 3 };
  await report();
  expect(await recorded.of('tributary.pipeline.events')).toEqual([
    { labels: { counter: 'parse.whole' }, value: 29 },
    { labels: { counter: 'lake.deadLetters' }, value: 3 },
  ]);
});

test('its newest checkpoint is told, and of the hundred metrics of a vertex only ours are asked for', async () => {
  await report();
  expect(await recorded.of('tributary.pipeline.newest_checkpoint')).toMatchObject([{ value: 1_795_265_149.647 }]);
  expect(await recorded.of('tributary.pipeline.checkpoint_duration')).toMatchObject([{ value: 0.094 }]);
  expect(asked.join()).not.toContain('backlog');
});
