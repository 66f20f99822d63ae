import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQuery } from '@google-cloud/bigquery';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { PassThroughClient } from 'google-auth-library';
import { readConfigFrom } from '../config/index.ts';
import { loadContracts } from '../contracts/index.ts';
import { createLake, type Lake } from '../lake/index.ts';
import { createWarehouse, LoadJobFailedError, LoadRejectedError, type Warehouse } from './index.ts';
import { migrate } from './migration.ts';

/** Writes order lines as the pipeline does: NUMERIC as DECIMAL(38,9), TIMESTAMP in microseconds. Arguments: file, then ids. */
const WRITE_PARQUET = `
import sys, datetime, decimal, pyarrow as pa, pyarrow.parquet as pq
ids = sys.argv[2:]
at = datetime.datetime(2026, 11, 21, 5, 20, 2, 123456, datetime.timezone.utc)
schema = pa.schema([('_event_id', pa.string()), ('_lsn', pa.int64()), ('_event_time', pa.timestamp('us', 'UTC')),
                    ('order_line_id', pa.string()), ('unit_price', pa.decimal128(38, 9))])
pq.write_table(pa.table([ids, [9007199254740993] * len(ids), [at] * len(ids), ids, [decimal.Decimal('12345678901234567890.123456789')] * len(ids)],
               schema=schema), sys.argv[1], compression='snappy')
`;

describe('the warehouse on the BigQuery emulator, loading from MinIO', () => {
  let stack: TestStack;
  let warehouse: Warehouse;
  let bigquery: BigQuery;
  let lake: Lake;
  let bucket: string;
  let folder: string;

  beforeAll(async () => {
    stack = await startComponents(['bigquery', 'minio'], { needs: false });
    const config = readConfigFrom(stack.env, 'warehouse', 'lake');
    warehouse = createWarehouse(config.warehouse);
    lake = createLake(config.lake);
    bucket = config.lake.lakeBucket;
    folder = mkdtempSync(join(tmpdir(), 'warehouse-'));
    bigquery = new BigQuery({
      projectId: config.warehouse.projectId,
      apiEndpoint: config.warehouse.endpoint!,
      authClient: new PassThroughClient(),
    });
  }, 300_000);

  afterAll(async () => {
    if (folder) rmSync(folder, { recursive: true, force: true });
    await stack?.stop();
  }, 60_000);

  /** Puts an object with these rows into the lake and returns its URI. */
  async function object(name: string, ids: readonly string[]): Promise<string> {
    const file = join(folder, 'part.parquet');
    execFileSync(join(stack.machine.tools.pythonBin, 'python'), ['-c', WRITE_PARQUET, file, ...ids]);
    await lake.write(bucket, name, readFileSync(file));
    return lake.uri(bucket, name);
  }

  const load = (jobId: string, ...uris: string[]) =>
    warehouse.load({ jobId, dataset: 'staging', table: 'order_lines', uris, labels: { stage: 'load' } });

  const rowsOf = async (prefix: string): Promise<string[]> => {
    const rows = await warehouse.query<{ id: string }>(
      'SELECT _event_id AS id FROM staging.order_lines WHERE STARTS_WITH(_event_id, @prefix) ORDER BY id',
      { params: { prefix } },
    );
    return rows.map(({ id }) => id);
  };

  test('a load happens once per job id, however often and by how many it is asked for', async () => {
    const uris = [await object('once/dt=1/part-1', ['once-1', 'once-2']), await object('once/dt=2/part-2', ['once-3'])];
    const outcomes = await Promise.all([load('once', ...uris), load('once', ...uris), load('once', ...uris)]);
    expect(await load('once', ...uris)).toMatchObject({ jobId: 'once', rows: 3 });
    expect(new Set(outcomes.map(({ rows }) => rows))).toEqual(new Set([3]));
    expect(await rowsOf('once-')).toEqual(['once-1', 'once-2', 'once-3']);
  }, 60_000);

  test('money, large integers and times come back exactly as they were loaded', async () => {
    await load('exact', await object('exact/part-1', ['exact-1']));
    const sql = "SELECT _lsn, _event_time, unit_price, order_id FROM staging.order_lines WHERE _event_id = 'exact-1'";
    expect(await warehouse.query(sql)).toEqual([
      {
        _lsn: '9007199254740993',
        _event_time: '2026-11-21T05:20:02.123456Z',
        unit_price: '12345678901234567890.123456789',
        order_id: null,
      },
    ]);
  }, 60_000);

  test('a load that is refused names its object, loads nothing, and stays refused under its id', async () => {
    const good = await object('refused/part-1', ['refused-1']);
    await lake.write(bucket, 'refused/part-2', 'this is not Parquet, whatever its name says');
    const bad = lake.uri(bucket, 'refused/part-2');
    for (const _ of ['first', 'second']) {
      const error = await load('refused', good, bad).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(LoadRejectedError);
      expect((error as LoadRejectedError).refusedUris).toEqual([bad]);
    }
    expect(await rowsOf('refused-')).toEqual([]);
    expect(await load('refused_rest', good)).toMatchObject({ rows: 1 });
  }, 60_000);

  test('an object store that is away is not held against the objects; a fresh job id loads them later', async () => {
    const uri = await object('away/part-1', ['away-1']);
    await stack.kill('minio');
    // The supervisor may be quicker than the load: then it simply succeeds.
    const outcome = await load('away', uri).catch((caught: unknown) => caught);
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(LoadJobFailedError);
      await stack.untilReady('minio');
      expect(await load('away_2', uri)).toMatchObject({ rows: 1 });
    }
    expect(await rowsOf('away-')).toEqual(['away-1']);
  }, 150_000);

  test('a kill of BigQuery during a load neither loses nor doubles it', async () => {
    const uri = await object('killed/part-1', ['killed-1']);
    const first = load('killed', uri).catch((caught: unknown) => caught);
    await stack.kill('bigquery');
    await first;
    await stack.untilReady('bigquery');
    expect(await load('killed', uri)).toMatchObject({ rows: 1 });
    expect(await rowsOf('killed-')).toEqual(['killed-1']);
  }, 180_000);

  test('rows that are streamed twice under one insert id are there once', async () => {
    const row = {
      event_id: 'streamed',
      type: 'test',
      time: '2026-11-21T05:20:02.000000Z',
      streams: '[]',
      payload: '{}',
    };
    await warehouse.insert('ops', 'events', [row], ['streamed']);
    await warehouse.insert('ops', 'events', [row], ['streamed']);
    const sql = "SELECT COUNT(*) AS n FROM ops.events WHERE event_id = 'streamed'";
    expect(await warehouse.query(sql)).toEqual([{ n: 1 }]);
    const secret = { ...row, nothing_like_it: 'a personal value' };
    const refused = warehouse.insert('ops', 'events', [secret], ['refused']);
    await expect(refused).rejects.toMatchObject({ code: 'WAREHOUSE_INVALID', class: 'user' });
    await expect(refused).rejects.not.toThrow(/personal value/);
  }, 60_000);

  test('every query is capped and labelled', async () => {
    const marker = `marker_${Date.now()}`;
    await warehouse.query(`SELECT '${marker}' AS m`, { labels: { run: 'Orders/1' }, maximumBytesBilled: '12345678' });
    const [jobs] = await bigquery.getJobs({ maxResults: 50, projection: 'full' } as object);
    const configurations = jobs.map((job) => job.metadata.configuration);
    const own = configurations.find((each) => each?.query?.query?.includes(marker));
    expect(own).toMatchObject({ labels: { app: 'tributary', run: 'orders-1' } });
    expect(own.query.maximumBytesBilled).toBe('12345678');
  }, 60_000);

  test('a table gains the column that its contract gained, and takes files with and without it', async () => {
    const contract = loadContracts().get('customers')!;
    const field = {
      name: 'nickname',
      type: 'JSON',
      required: false,
      pii: 'none',
      description: 'What friends say.',
    } as const;
    const uris: string[] = [];
    for (const column of ['', ", 'nickname': ['{\"a\":1}']"]) {
      const file = join(folder, 'customers.parquet');
      const python = `import sys, pyarrow as pa, pyarrow.parquet as pq
pq.write_table(pa.table({'_event_id': ['${uris.length}'], 'customer_id': [7]${column}}), sys.argv[1])`;
      execFileSync(join(stack.machine.tools.pythonBin, 'python'), ['-c', python, file]);
      const name = `processed/customers/part-${uris.length}.parquet`;
      await lake.write(bucket, name, readFileSync(file));
      uris.push(lake.uri(bucket, name));
    }
    const request = { dataset: 'staging', table: 'customers', uris, labels: {} };
    await expect(warehouse.load({ ...request, jobId: 'gains_1' })).rejects.toBeInstanceOf(LoadRejectedError);
    await warehouse.ensureStaging({ ...contract, fields: [...contract.fields, field] });
    expect(await warehouse.load({ ...request, jobId: 'gains_2' })).toMatchObject({ rows: 2 });
    expect(
      await warehouse.query(
        "SELECT _event_id, JSON_VALUE(nickname, '$.a') AS a FROM staging.customers WHERE customer_id = 7 ORDER BY _event_id",
      ),
    ).toEqual([
      { _event_id: '0', a: null },
      { _event_id: '1', a: '1' },
    ]);
    await expect(
      warehouse.ensureStaging({ ...contract, fields: [...contract.fields, { ...field, type: 'INT64' }] }),
    ).rejects.toMatchObject({ code: 'WAREHOUSE_SCHEMA_CONFLICT', message: expect.stringContaining('nickname') });
  }, 60_000);

  test('partitions are kept as long as the contract says today, whatever it said before', async () => {
    const contract = { ...loadContracts().get('orders')!, stream: 'kept_orders' };
    const kept = (staging: number | null) => ({
      ...contract,
      retentionDays: { ...contract.retentionDays!, staging },
    });
    const expiration = async () => {
      const [metadata] = await bigquery.dataset('staging').table('kept_orders').getMetadata();
      return metadata.timePartitioning?.expirationMs ?? null;
    };
    await warehouse.ensureStaging(kept(30));
    expect(await expiration()).toBe(String(30 * 86_400_000));
    await warehouse.ensureStaging(kept(400));
    expect(await expiration()).toBe(String(400 * 86_400_000));
    await warehouse.ensureStaging(kept(null));
    expect(await expiration()).toBeNull();
  }, 120_000);

  test('migrating again changes nothing, adds columns that are new, and refuses to change a type', async () => {
    await warehouse.migrate();
    const declaration = {
      dataset: 'ops',
      table: 'migrated',
      description: 'of a test',
      columns: [
        { name: 'id', type: 'STRING' },
        { name: 'at', type: 'TIMESTAMP' },
      ],
      partitionBy: 'at',
      clusterBy: ['id'],
    };
    await migrate(bigquery, 'US', [declaration]);
    await warehouse.query("INSERT INTO ops.migrated (id, at) VALUES ('kept', CURRENT_TIMESTAMP())");
    const wider = { ...declaration, columns: [...declaration.columns, { name: 'n', type: 'INT64' }] };
    await Promise.all([migrate(bigquery, 'US', [wider]), migrate(bigquery, 'US', [wider])]);
    expect(await warehouse.query('SELECT id, n FROM ops.migrated')).toEqual([{ id: 'kept', n: null }]);
    const [metadata] = await bigquery.dataset('ops').table('migrated').getMetadata();
    expect(metadata).toMatchObject({ timePartitioning: { type: 'DAY', field: 'at' }, clustering: { fields: ['id'] } });
    const changed = { ...declaration, columns: [{ name: 'id', type: 'INT64' }, declaration.columns[1]!] };
    await expect(migrate(bigquery, 'US', [changed])).rejects.toMatchObject({ code: 'WAREHOUSE_SCHEMA_CONFLICT' });
  }, 60_000);
});
