import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '../config/index.ts';
import { startIssuer, TEST_AUDIENCE, TEST_CALLER } from '../oidc/testing/index.ts';
import { GUARDED_LOOPBACK, type RunningFunction, startFunction } from './testing/index.ts';
import { googleSamples, type SamplePost } from './testing/samples.ts';

const samples = googleSamples();

/** Posts under way. */
const AT_ONCE = 16;

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
    const post = async ({ name: sample, headers, body, answer }: SamplePost) => {
      const { status, text } = await send(body, headers);
      if (status !== answer) wrong.push(`${status} ${sample}: ${text}`);
    };
    for (let from = 0; from < samples.length; from += AT_ONCE) {
      await Promise.all(samples.slice(from, from + AT_ONCE).map(post));
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

describe('a function that others than this machine can reach', () => {
  test('takes events of its callers only, and does not start without knowing them', async () => {
    const issuer = await startIssuer();
    const { certsUrl } = issuer;
    const guarded = { ...env, HOST: GUARDED_LOOPBACK };
    await expect(startFunction('transform', guarded)).rejects.toThrow(
      /OIDC_AUDIENCE is missing[\s\S]*OIDC_CALLERS is missing/,
    );
    const transform = await startFunction('transform', {
      ...guarded,
      ...{ OIDC_AUDIENCE: TEST_AUDIENCE, OIDC_CALLERS: TEST_CALLER, OIDC_CERTS_URL: certsUrl },
    });
    try {
      const { headers, body } = samples.find(({ answer }) => answer === 204)!;
      const post = async (token?: string) => {
        const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
        const init = { method: 'POST', headers: { ...headers, ...authorization }, body: new Uint8Array(body) };
        return (await fetch(transform.url, init)).status;
      };
      expect(await post()).toBe(401);
      expect(await post(issuer.token({ aud: 'https://else.test' }))).toBe(401);
      expect(await post(issuer.token({ email: 'else@x.test' }))).toBe(403);
      expect(await post(issuer.token())).toBe(204);
      expect(transform.log()).not.toContain(issuer.token().split('.')[1]!.slice(0, 40));
    } finally {
      await transform.stop();
      await issuer.stop();
    }
  }, 90_000);
});
