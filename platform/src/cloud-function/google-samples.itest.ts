import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '../config/index.ts';
import { type RunningFunction, startFunction } from './testing/index.ts';
import { googleSamples } from './testing/samples.ts';

const samples = googleSamples();

/** Nothing listens there: whoever takes a sample for an event of its own fails on it, and answers 5xx. */
const NOWHERE = '127.0.0.1:9';

const folder = mkdtempSync(join(tmpdir(), 'tributary-samples-'));
writeFileSync(
  join(folder, 'keys.json'),
  JSON.stringify({ active: 'v1', keys: { v1: Buffer.alloc(32).toString('base64') } }),
  { mode: 0o600 },
);
afterAll(() => rmSync(folder, { recursive: true }));

const env = {
  ...{
    LAKE: 'minio',
    MINIO_ENDPOINT: `http://${NOWHERE}`,
    MINIO_ACCESS_KEY: 'nobody',
    MINIO_SECRET_KEY: 'nothing-at-all',
  },
  ...{ LAKE_BUCKET: 'our-lake', LANDING_BUCKET: 'our-landing' },
  ...{ BUS: 'kafka', KAFKA_BROKERS: NOWHERE, TOPIC_PREFIX: 'tributary.' },
  ...{ PROJECT_ID: 'tributary-test', LOCATION: 'us-central1', MAX_BYTES_BILLED: '1000000' },
  ...{ BIGQUERY_ENDPOINT: `http://${NOWHERE}`, RUN_ENDPOINT: NOWHERE },
  ...{ PIPELINE_LAUNCHER: 'flink', FLINK_REST_URL: `http://${NOWHERE}`, PIPELINE_JAR_ID: 'none.jar' },
  PII_KEYS_FILE: join(folder, 'keys.json'),
};

const NOT_OF_EVENTS = new Set(['warehouse-api']);
const functions = readdirSync(new URL('functions', ROOT)).filter((name) => !NOT_OF_EVENTS.has(name));

describe.each(functions)("%s under the functions framework, with all of Google's samples", (name) => {
  let running: RunningFunction;
  beforeAll(async () => {
    running = await startFunction(name, env);
  }, 90_000);
  afterAll(() => running?.stop());

  async function send(
    body: Buffer,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ status: number; text: string }> {
    const response = await fetch(running.url, { method: 'POST', headers, body: new Uint8Array(body) });
    return { status: response.status, text: await response.text() };
  }

  test('each is acknowledged as somebody else’s or refused, and said so', async () => {
    const wrong: string[] = [];
    for (const { name: sample, headers, body, answer } of samples) {
      const { status, text } = await send(body, headers);
      if (status !== answer) wrong.push(`${status} ${sample}: ${text}`);
    }
    expect(wrong).toEqual([]);
    expect(running.log()).toContain('not for this function');
  }, 120_000);

  test('what is no event of anybody’s is refused in words', async () => {
    const json = { 'content-type': 'application/json' };
    const unknown = {
      ...json,
      'ce-id': '1',
      'ce-source': '//else',
      'ce-type': 'com.example.thing',
      'ce-specversion': '1.0',
    };
    const cases: [number, string, Record<string, string>, RegExp][] = [
      [400, '{"a":', json, /not JSON/],
      [400, '{"a":1}', json, /neither a CloudEvent/],
      [400, '', json, /neither a CloudEvent/],
      [400, '{}', unknown, /com\.example\.thing/],
      [400, 'no gzip', { ...json, 'content-encoding': 'gzip' }, /gzip/],
      [415, '{}', { ...json, 'content-encoding': 'compress' }, /compress/],
      [415, '{}', { 'content-type': 'application/json; charset=klingon' }, /klingon/],
      [415, '[]', { 'content-type': 'application/cloudevents-batch+json' }, /batch/],
      [413, 'x'.repeat(17 * 1024 * 1024), json, /bytes/],
    ];
    for (const [status, body, headers, words] of cases) {
      expect(await send(Buffer.from(body), headers)).toEqual({ status, text: expect.stringMatching(words) });
    }
  }, 60_000);
});
