import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { loadContracts, loadMappings } from '@tributary/platform/contracts';
import { chainEvent } from '@tributary/platform/events';
import { ManualClock, MemoryLake } from '@tributary/platform/group-commit/testing';
import type { PipelineLauncher } from '@tributary/platform/jobs';
import { createLogger } from '@tributary/platform/log';
import { parsePiiKeys } from '@tributary/platform/pii';
import { RecordingBus, RecordingJobs } from '@tributary/platform/stage/testing';
import { datasetsOf } from './datasets.ts';
import { landingHandler } from './handler.ts';

interface Parameter {
  readonly name: string;
  readonly isOptional: boolean;
  readonly regexes: readonly string[];
}

const TEMPLATE = new URL('../../../dataflow-flink/flex-template/metadata.json', import.meta.url);
const { parameters } = JSON.parse(readFileSync(TEMPLATE, 'utf8')) as { parameters: Parameter[] };
const KEYS = JSON.stringify({ active: 'v1', keys: { v1: Buffer.alloc(32, 7).toString('base64') } });
const LANDING = 'my-landing';

/** What a launcher adds to a launch, without a service behind it. */
const COMMON = { lake: 'gs://my-lake', contracts: 'gs://my-lake/control/contracts.json' };

async function launchOf(name: string): Promise<Readonly<Record<string, string>>> {
  const launched: Readonly<Record<string, string>>[] = [];
  const launcher: PipelineLauncher = {
    launchBatch: async (_id, args) => `job-${launched.push({ ...COMMON, ...args })}`,
    state: async () => 'running',
  };
  const lake = new MemoryLake();
  const log = createLogger('test', { level: 'silent' });
  const handler = landingHandler({
    ...{ lake, clock: new ManualClock(), bus: new RecordingBus(), jobs: new RecordingJobs(), launcher },
    piiKeys: parsePiiKeys(KEYS, 'test'),
    lakeBucket: 'my-lake',
    landingBucket: LANDING,
    piiKeysFile: 'gs://my-secrets/pii-keys.json',
    datasets: datasetsOf(loadContracts(), loadMappings()),
    inputUri: (bucket, object) => `gs://${bucket}/${object}`,
  });
  const { generation, size } = await lake.write(LANDING, name, 'a,b\n1,2\n');
  const object = { bucket: LANDING, name, generation, size, timeCreated: '2026-11-21T05:20:02.123Z' };
  await handler({ kind: 'object', object, traceparent: undefined }, log);
  const detail = { gate: 'landing', manifest: 'landing-gate-000000001', attempt: 1, failing: [] };
  await handler(
    { kind: 'chain', event: chainEvent({ runId: 'run', type: 'quality.checked', detail, error: null }) },
    log,
  );
  return launched[0]!;
}

test.each(['landing/orders/november.csv', 'landing/online_retail/november.csv'])(
  'the Flex Template has and takes every parameter of the launch over %s',
  async (name) => {
    const args = await launchOf(name);
    expect(args).toMatchObject({ source: 'files', ...COMMON });
    for (const [parameter, value] of Object.entries(args)) {
      const declared = parameters.find((it) => it.name === parameter);
      expect([parameter, declared?.name]).toEqual([parameter, parameter]);
      for (const regex of declared!.regexes) expect(value).toMatch(new RegExp(regex));
    }
    const required = parameters.filter(({ isOptional }) => !isOptional).map((it) => it.name);
    expect(Object.keys(args)).toEqual(expect.arrayContaining(required));
  },
);
