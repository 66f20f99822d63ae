import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  type Environment,
  explainConfig,
  readConfigFrom,
  readEnvironment,
  readVariables,
  VARIABLES,
  variable,
} from './index.ts';

const LOCAL: Environment = {
  TRIBUTARY_ENV: 'local',
  PROJECT_ID: 'tributary-local',
  LOCATION: 'us-central1',
  LAKE: 'minio',
  LAKE_BUCKET: 'lake',
  LANDING_BUCKET: 'landing',
  MINIO_ENDPOINT: 'http://127.0.0.1:9000/',
  MINIO_ACCESS_KEY: 'user',
  MINIO_SECRET_KEY: 'planted-secret',
  BUS: 'kafka',
  KAFKA_BROKERS: '127.0.0.1:9092, 127.0.0.1:9093',
};

function refusal(action: () => unknown): { code?: string; message: string } {
  try {
    action();
  } catch (error) {
    return error as { code?: string; message: string };
  }
  throw new Error('nothing was thrown');
}

describe('readConfig', () => {
  test('a process gets the sections it asks for, typed and parsed', () => {
    const { lake, bus } = readConfigFrom(LOCAL, 'lake', 'bus');
    expect(lake).toEqual({
      adapter: 'minio',
      lakeBucket: 'lake',
      landingBucket: 'landing',
      endpoint: 'http://127.0.0.1:9000',
      accessKey: 'user',
      secretKey: 'planted-secret',
    });
    expect(bus).toEqual({ adapter: 'kafka', topicPrefix: 'tributary.', brokers: ['127.0.0.1:9092', '127.0.0.1:9093'] });
  });

  test('variables of adapters that are not selected are not asked for', () => {
    const cloud = {
      PROJECT_ID: 'tributary-dev',
      LAKE: 'gcs',
      LAKE_BUCKET: 'lake',
      LANDING_BUCKET: 'landing',
      BUS: 'pubsub',
    };
    expect(readConfigFrom(cloud, 'lake', 'bus')).toMatchObject({
      lake: { adapter: 'gcs', projectId: 'tributary-dev' },
      bus: { adapter: 'pubsub', endpoint: undefined },
    });
  });

  test('every missing or wrong variable is named at once, with its purpose and an example', () => {
    const error = refusal(() =>
      readConfigFrom(
        { ...LOCAL, LAKE_BUCKET: 'No Such', MINIO_ENDPOINT: '', TRIBUTARY_ENV: 'dev' },
        'lake',
        'postgres',
      ),
    );
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain('.env.dev');
    expect(error.message).toContain('LAKE_BUCKET is "No Such" (expected a bucket name');
    expect(error.message).toContain(
      'MINIO_ENDPOINT is missing: where MinIO listens. Example: MINIO_ENDPOINT=http://127.0.0.1:9000',
    );
    expect(error.message).toMatch(/PGHOST is missing.*\n.*PGUSER is missing.*\n.*PGPASSWORD is missing/);
    expect(error.message).not.toMatch(/KAFKA|PGPORT/);
  });

  test('a secret that is wrong is not repeated in the message', () => {
    const declared = { TOKEN: variable(z.string().regex(/^x/, 'expected an x'), 'a token', 'x1', { secret: true }) };
    expect(refusal(() => readVariables(declared, { TOKEN: 'planted-secret' })).message).not.toContain('planted-secret');
  });

  test("every variable's example is itself valid", () => {
    for (const [name, { schema, example }] of Object.entries(VARIABLES)) {
      expect([name, schema.safeParse(example.replace('…', 'x')).success]).toEqual([name, true]);
    }
  });
});

describe('explainConfig', () => {
  const sources = (own: Environment, fromFile: Environment = {}) => ({ own, fromFile, file: '.env.test' });

  test('each variable that the selected adapters read is told with its value and where that is from', () => {
    const explained = explainConfig(['lake', 'http'], sources({ LAKE: 'gcs', PORT: '0' }, LOCAL));
    const given = explained.filter(({ source }) => source !== 'none');
    expect(given.map(({ name, value, source }) => [name, value, source])).toEqual([
      ['LAKE_BUCKET', 'lake', 'file'],
      ['LANDING_BUCKET', 'landing', 'file'],
      ['LAKE', 'gcs', 'environment'],
      ['PROJECT_ID', 'tributary-local', 'file'],
      ['HOST', '127.0.0.1', 'default'],
      ['PORT', '0', 'environment'],
    ]);
    expect(explained.filter(({ problem }) => problem !== undefined)).toEqual([]);
  });

  test('what is missing or wrong is told as readConfig would refuse it, and a secret never', () => {
    const explained = explainConfig(['postgres'], sources({ PGPORT: 'none', PGPASSWORD: 'planted-secret' }), {
      TOKEN: variable(z.string().regex(/^x/, 'expected an x'), 'a token', 'x1', { secret: true }),
    });
    expect(explained.map(({ name, problem }) => [name, problem])).toEqual([
      ['PGHOST', 'missing'],
      ['PGPORT', 'expected a port number'],
      ['PGUSER', 'missing'],
      ['PGPASSWORD', undefined],
      ['PGDATABASE', undefined],
      ['TOKEN', 'missing'],
    ]);
    expect(JSON.stringify(explained)).not.toContain('planted-secret');
  });
});

describe('readEnvironment', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const root = () => pathToFileURL(`${folder}/`);

  test('what the process was given wins over the file, and an empty value counts as absent', () => {
    writeFileSync(join(folder, '.env.dev'), 'A=file\nB=file\nC=\n');
    expect(readEnvironment({ TRIBUTARY_ENV: 'dev', A: 'own', B: '' }, root())).toEqual({
      TRIBUTARY_ENV: 'dev',
      A: 'own',
      B: 'file',
    });
  });

  test('without a file, the process environment alone applies', () => {
    expect(readEnvironment({ A: 'own' }, root())).toEqual({ TRIBUTARY_ENV: 'local', A: 'own' });
  });

  test('a name that would leave the root is refused', () => {
    expect(refusal(() => readEnvironment({ TRIBUTARY_ENV: '../x' }, root())).code).toBe('CONFIG_INVALID');
  });
});
