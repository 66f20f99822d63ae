import { beforeEach, describe, expect, test } from '@jest/globals';
import type { DeliveredEvent, EventHandler } from '@tributary/platform/cloud-function';
import { chainEvent } from '@tributary/platform/events';
import { ManualClock, MemoryLake } from '@tributary/platform/group-commit/testing';
import type { LakeObject } from '@tributary/platform/lake';
import { createLogger } from '@tributary/platform/log';
import { RecordingBus } from '@tributary/platform/stage/testing';
import { objectId, sha256 } from '../object.ts';
import { MemoryWarehouse } from '../testing/memory-warehouse.ts';
import { triage } from '../triage.ts';
import { rewriteHandler } from './handler.ts';
import { type RewriteResult, resultSchema } from './manifest.ts';

const BUCKET = 'lake';
const FOLDER = 'processed/orders/dt=2026-11-21/hr=05/';
const RUN = 'compact-20261121T052002Z-1a2b3c';
const CHANGED_ROWS = 10;
const log = createLogger('test', { level: 'silent' });

/** Knows which statements ran beside the ledger's, and what a merge took in. */
class RewritingWarehouse extends MemoryWarehouse {
  readonly statements: string[] = [];
  readonly merged: string[][] = [];
  #loaded: string[] = [];

  override async load(request: Parameters<MemoryWarehouse['load']>[0]) {
    const outcome = await super.load(request);
    this.#loaded.push(...request.uris);
    return outcome;
  }

  override async query<T extends Record<string, unknown>>(
    sql: string,
    options: Parameters<MemoryWarehouse['query']>[1] = {},
  ): Promise<T[]> {
    if (/ops\.loads/.test(sql)) return super.query<T>(sql, options);
    this.interfere('query');
    this.statements.push(sql.trim());
    if (sql.trim().startsWith('CREATE')) this.#loaded = [];
    if (sql.trim().startsWith('MERGE')) this.merged.push(this.#loaded);
    return [];
  }
}

let lake: MemoryLake;
let clock: ManualClock;
let bus: RecordingBus;
let warehouse: RewritingWarehouse;

beforeEach(() => {
  [lake, clock, bus, warehouse] = [new MemoryLake(), new ManualClock(), new RecordingBus(), new RewritingWarehouse()];
});

const handler = (seen: MemoryLake = lake): EventHandler =>
  rewriteHandler({
    lake: seen,
    bucket: BUCKET,
    warehouse,
    bus,
    clock,
    staging: async (stream) => (stream === 'orders' ? ['_event_id', '_ingested_at', 'order_id'] : undefined),
  });

const tick = (): DeliveredEvent => ({
  kind: 'chain',
  event: chainEvent({ type: 'sweep.tick', runId: 'sweep', identity: [String(clock.now())] }),
});

async function sweep(handle = handler()): Promise<void> {
  await handle(tick(), log);
}

/** A file of the folder, loaded unless said otherwise. */
async function file(name: string, { loaded = true, folder = FOLDER } = {}): Promise<LakeObject> {
  const object = await lake.write(BUCKET, folder + name, `rows of ${name}`);
  if (loaded) noteLoaded(object);
  return object;
}

function noteLoaded(object: LakeObject): void {
  const id = objectId(BUCKET, object);
  warehouse.ledger.set(id, {
    object_id: id,
    stream: 'orders',
    bucket: BUCKET,
    name: object.name,
    generation: object.generation,
    job_id: 'load_orders_1',
    manifest: 'm',
    row_count: null,
    byte_count: object.size,
  });
}

/** What a batch mode of the pipeline leaves. */
async function stage(
  inputs: readonly LakeObject[],
  output: string,
  { changes = false, folder = FOLDER, run = RUN, manifest = true, rows = 7, erases = false } = {},
): Promise<string> {
  const id = sha256(output).slice(0, 32);
  const at = `rewrites/open/${folder.split('/')[1]}/${run}/${id}`;
  const staged = async (kind: string, rows: number) => {
    const { name, size } = await lake.write(BUCKET, `${at}.${kind}.parquet`, `${kind} of ${output}`);
    return { staged: name, size, rows };
  };
  const content = {
    id,
    run,
    kind: erases ? 'erasure' : changes ? 'backfill' : 'compaction',
    state: 'staged',
    folder,
    inputs: inputs.map(({ name, size }) => ({ name, size })),
    output: { ...(await staged('output', rows)), name: folder + output },
    changes: changes ? await staged('changes', CHANGED_ROWS) : null,
  };
  if (manifest) await lake.write(BUCKET, `${at}.json`, JSON.stringify(content));
  return id;
}

async function names(prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of lake.list(BUCKET, prefix)) found.push(name);
  return found;
}

async function visible(folder = FOLDER): Promise<string[]> {
  return (await names(folder)).map((name) => name.slice(folder.length));
}

async function results(): Promise<RewriteResult[]> {
  const all: RewriteResult[] = [];
  for (const name of await names('rewrites/done/')) {
    all.push(resultSchema.parse(JSON.parse((await lake.read(BUCKET, name))!.body.toString())));
  }
  return all;
}

describe('rewrites', () => {
  test('an erased file is replaced by what it held of others, and one that held nothing else by nothing', async () => {
    const [mixed, theirs] = [await file('part-mixed.parquet'), await file('part-theirs.parquet')];
    await stage([mixed], 'part-others.parquet', { erases: true });
    await stage([theirs], 'part-none.parquet', { erases: true, rows: 0 });
    await sweep();
    expect(await visible()).toEqual(['part-others.parquet']);
    expect(await names('rewrites/open/')).toEqual([]);
    expect((await results()).map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual([
      'erasure done',
      'erasure done',
    ]);
    expect([...warehouse.ledger.values()].filter(({ job_id }) => job_id === 'rewritten')).toHaveLength(1);
  });

  test('a compacted file takes the place of its inputs, and its own event loads nothing', async () => {
    const inputs = [await file('part-a.parquet'), await file('part-b.parquet')];
    await file('part-new.parquet', { loaded: false });
    await stage(inputs, 'part-whole.parquet');
    await sweep();
    expect(await visible()).toEqual(['part-new.parquet', 'part-whole.parquet']);
    expect(await names('rewrites/open/')).toEqual([]);
    expect(await results()).toMatchObject([
      { kind: 'compaction', outcome: 'done', inputs: 2, rows: 7, changed_rows: 0 },
    ]);
    const { object } = (await lake.read(BUCKET, `${FOLDER}part-whole.parquet`))!;
    const { load, note } = triage(BUCKET, [object], [...warehouse.ledger.values()]);
    expect([load, note.map(({ reason }) => reason)]).toEqual([[], ['unchanged']]);
    expect(warehouse.statements).toEqual([]);
    expect(bus.chain()).toEqual([]);
    // It may be an input in its turn before its event was told.
    await stage([object], 'part-next.parquet');
    await sweep();
    expect(await visible()).toEqual(['part-new.parquet', 'part-next.parquet']);
  });

  test('changed rows are merged before they are seen, in one statement, and said to be loaded', async () => {
    const inputs = [await file('part-a.parquet')];
    await stage(inputs, 'part-better.parquet', { changes: true });
    await stage([], 'part-missing.parquet', { changes: true });
    warehouse.rowsPerObject = CHANGED_ROWS;
    await sweep();
    expect(await visible()).toEqual(['part-better.parquet', 'part-missing.parquet']);
    expect(warehouse.merged).toHaveLength(1);
    expect(warehouse.merged[0]).toHaveLength(2);
    expect(warehouse.statements.at(-2)).toContain(
      'WHEN MATCHED THEN UPDATE SET _ingested_at = better._ingested_at, order_id = better.order_id\n',
    );
    expect(warehouse.statements.at(-1)).toMatch(/^DROP TABLE IF EXISTS ops\.rewrite_orders_/);
    expect(bus.chain()).toMatchObject([
      { type: 'warehouse.loaded', streams: ['orders'], counts: { objects: 2, rows: 2 * CHANGED_ROWS } },
    ]);
  });

  test('where rows did not all arrive nothing is replaced', async () => {
    const inputs = [await file('part-a.parquet')];
    await stage(inputs, 'part-better.parquet', { changes: true });
    warehouse.rowsPerObject = CHANGED_ROWS - 1;
    await expect(sweep()).rejects.toMatchObject({ code: 'REWRITE_ROWS_MISSING' });
    expect(warehouse.merged).toEqual([]);
    expect(await visible()).toEqual(['part-a.parquet']);
    warehouse.rowsPerObject = CHANGED_ROWS;
    clock.advance(60_000);
    await sweep();
    expect(await visible()).toEqual(['part-better.parquet']);
  });

  test('a crash at any request leaves every row visible, and the next sweep ends as if there had been none', async () => {
    let crashes = 0;
    for (let at = 1; ; at += 1) {
      [lake, clock, bus, warehouse] = [
        new MemoryLake(),
        new ManualClock(),
        new RecordingBus(),
        new RewritingWarehouse(),
      ];
      warehouse.rowsPerObject = CHANGED_ROWS;
      await stage([await file('part-a.parquet'), await file('part-b.parquet')], 'part-ab.parquet', { changes: true });
      await stage([await file('part-c.parquet')], 'part-c2.parquet');
      let requests = 0;
      const dying = lake.seenThrough((moment) => {
        if (moment === 'before') requests += 1;
        // Whoever died does nothing more: it neither renews nor releases its lease.
        if (requests > at || (requests === at && moment === 'after')) throw new Error('crashed');
      });
      const died = await sweep(handler(dying)).then(
        () => false,
        () => true,
      );
      const seen = await visible();
      const rows =
        ['a', 'b'].every((part) => seen.includes(`part-${part}.parquet`)) || seen.includes('part-ab.parquet');
      expect([at, seen, rows]).toEqual([at, seen, true]);
      expect([at, seen.includes('part-c.parquet') || seen.includes('part-c2.parquet')]).toEqual([at, true]);
      clock.advance(60_000);
      await sweep();
      expect([at, await visible()]).toEqual([at, ['part-ab.parquet', 'part-c2.parquet']]);
      expect([at, await names('rewrites/open/')]).toEqual([at, []]);
      expect((await results()).map(({ outcome }) => outcome)).toEqual(['done', 'done']);
      expect(warehouse.merged.every((uris) => uris.length === 1)).toBe(true);
      expect(bus.chain()).toHaveLength(1);
      if (!died) break;
      crashes += 1;
    }
    expect(crashes).toBeGreaterThan(20);
  });

  test('inputs that are not in the warehouse yet are waited for', async () => {
    const late = await file('part-a.parquet', { loaded: false });
    await stage([late, await file('part-b.parquet')], 'part-ab.parquet');
    await sweep();
    expect(await visible()).toEqual(['part-a.parquet', 'part-b.parquet']);
    noteLoaded(late);
    await sweep();
    expect(await visible()).toEqual(['part-ab.parquet']);
  });

  test('of two rewrites of one file the first is carried out and the other changes nothing', async () => {
    const [a, b, c] = [await file('part-a.parquet'), await file('part-b.parquet'), await file('part-c.parquet')];
    await stage([a, b], 'part-ab.parquet');
    await stage([b, c], 'part-bc.parquet');
    await sweep();
    const outcomes = (await results()).map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual(['discarded', 'done']);
    const left = await visible();
    expect([
      ['part-ab.parquet', 'part-c.parquet'],
      ['part-a.parquet', 'part-bc.parquet'],
    ]).toContainEqual(left);
    expect(await names('rewrites/open/')).toEqual([]);
  });

  test('a file that was overwritten since it was read is not replaced', async () => {
    const a = await file('part-a.parquet');
    await stage([a, await file('part-b.parquet')], 'part-ab.parquet');
    await lake.write(BUCKET, a.name, 'rows of a that came in the meantime');
    await sweep();
    expect(await visible()).toEqual(['part-a.parquet', 'part-b.parquet']);
    expect(await results()).toMatchObject([{ outcome: 'discarded' }]);
  });

  test('a file that a rewrite makes of itself and a copy stays', async () => {
    const whole = await file('part-whole.parquet');
    await stage([whole, await file('part-copy.parquet')], 'part-whole.parquet');
    await sweep();
    expect(await visible()).toEqual(['part-whole.parquet']);
  });

  test('raw files of streams without a contract are replaced too, and the warehouse is not asked', async () => {
    const folder = 'raw/_unknown/dt=2026-11-21/hr=05/';
    const inputs = [
      await file('part-a.parquet', { folder, loaded: false }),
      await file('part-b.parquet', { folder, loaded: false }),
    ];
    warehouse.interfere = () => {
      throw new Error('asked');
    };
    await stage(inputs, 'part-ab.parquet', { folder });
    await sweep();
    expect(await visible(folder)).toEqual(['part-ab.parquet']);
  });

  test('of one stream that cannot be carried out hold up no other', async () => {
    const folder = 'processed/alone/dt=2026-11-21/hr=05/';
    // No contract declares the stream; it comes first.
    await stage([], 'part-lost.parquet', { folder, changes: true });
    await stage([await file('part-a.parquet'), await file('part-b.parquet')], 'part-ab.parquet');
    await expect(sweep()).rejects.toMatchObject({ code: 'REWRITE_STREAM_UNKNOWN' });
    expect(await visible()).toEqual(['part-ab.parquet']);
  });

  test('what a run staged and never finished is removed after a day, and not before', async () => {
    clock.advance(Date.parse('2026-11-22T05:00:00Z') - clock.now());
    await stage([], 'part-orphan.parquet', { manifest: false });
    await sweep();
    expect(await names('rewrites/open/')).toHaveLength(1);
    clock.advance(3_600_000);
    await sweep();
    expect(await names('rewrites/open/')).toEqual([]);
  });
});
