import { beforeEach, describe, expect, test } from '@jest/globals';
import type { DeliveredEvent, EventHandler } from '@tributary/platform/cloud-function';
import { type Contracts, loadContracts } from '@tributary/platform/contracts';
import { UserError } from '@tributary/platform/errors';
import { chainEvent, parseChainEvent } from '@tributary/platform/events';
import { inspectCommits } from '@tributary/platform/group-commit';
import { ManualClock, MemoryLake } from '@tributary/platform/group-commit/testing';
import { createLogger } from '@tributary/platform/log';
import { RecordingBus } from '@tributary/platform/stage/testing';
import { loadHandler } from './handler.ts';
import { objectId, sha256 } from './object.ts';
import { MemoryWarehouse } from './testing/memory-warehouse.ts';
import { parquetFile } from './testing/parquet.ts';

const BUCKET = 'lake';
const log = createLogger('test', { level: 'silent' });

type ObjectEvent = Extract<DeliveredEvent, { kind: 'object' }>;

let contracts: Contracts = loadContracts();
let lake: MemoryLake;
let clock: ManualClock;
let bus: RecordingBus;
let warehouse: MemoryWarehouse;
let jobsPerDay: number;
let handle: EventHandler;

beforeEach(() => {
  contracts = loadContracts();
  [lake, clock, bus, warehouse] = [new MemoryLake(), new ManualClock(), new RecordingBus(), new MemoryWarehouse()];
  jobsPerDay = 1_000_000;
  handle = newHandler();
});

/** Another instance of the function. */
function newHandler(seen = lake): EventHandler {
  const live = { fresh: async () => contracts };
  return loadHandler({ lake: seen, bucket: BUCKET, warehouse, bus, clock, contracts: live, jobsPerDay });
}

function partName(n: number, stream = 'orders') {
  return `processed/${stream}/dt=2026-11-21/hr=05/part-${String(n).padStart(5, '0')}.parquet`;
}

/** Ten rows, as every object has that MemoryWarehouse loads. */
const CONTENT = parquetFile(Array.from({ length: 10 }, (_, n) => `row ${n}`));
/** Other rows, and another size. */
const OTHER_CONTENT = parquetFile(Array.from({ length: 10 }, (_, n) => `another row ${n}`));

/** An object appears in the lake; the event that tells of it. */
async function arrive(name: string, body: Buffer | string = CONTENT): Promise<ObjectEvent> {
  const { bucket, generation, size } = await lake.write(BUCKET, name, body);
  const object = { bucket, name, generation, size, timeCreated: new Date(clock.now()).toISOString() };
  return { kind: 'object', object, traceparent: undefined };
}

/** Lets time pass, in steps of a second, until the work is done. */
async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
  const passing = setInterval(() => clock.advance(1_000), 5);
  return work.finally(() => clearInterval(passing));
}

const tick = (): DeliveredEvent => ({
  kind: 'chain',
  event: chainEvent({ type: 'sweep.tick', runId: 'sweep', identity: [String(clock.now())] }),
});

async function tell(...events: DeliveredEvent[]) {
  for (const event of events) await handle(event, log);
}

const uri = (name: string) => `gs://${BUCKET}/${name}`;
const timesLoaded = (name: string) => warehouse.appended.get(uri(name)) ?? 0;
const isQuiet = async () =>
  (await inspectCommits(lake, BUCKET, clock)).every(({ waiting, openManifest }) => waiting === 0 && !openManifest);

describe('load-warehouse', () => {
  test('thousands of objects that arrive together are loaded in a few jobs, each once, and said to be', async () => {
    const events: DeliveredEvent[] = [];
    for (let n = 0; n < 2_000; n += 1) events.push(await arrive(partName(n)));
    await whileTimePasses(Promise.all(events.map((event) => handle(event, log))));
    expect(warehouse.jobs.size).toBeLessThan(10);
    expect(warehouse.appended.size).toBe(2_000);
    expect([...warehouse.appended.values()].every((times) => times === 1)).toBe(true);
    expect(warehouse.ledger.size).toBe(2_000);
    const loads = bus.chain();
    expect(loads.every(({ type, status }) => type === 'warehouse.loaded' && status === 'ok')).toBe(true);
    const total = (count: string) => loads.reduce((sum, { counts }) => sum + counts[count]!, 0);
    expect([total('objects'), total('rows')]).toEqual([2_000, 20_000]);
    expect(await isQuiet()).toBe(true);
  }, 60_000);

  test('an object whose event tells no size is loaded with the size it has, and one that is gone is not waited for', async () => {
    const { object, ...event } = (await arrive(partName(1))) as Extract<DeliveredEvent, { kind: 'object' }>;
    const { size, ...untold } = object;
    await tell({ ...event, object: untold }, { ...event, object: { ...untold, name: partName(2) } });
    expect(timesLoaded(partName(1))).toBe(1);
    expect(warehouse.ledger.get(objectId(BUCKET, object))).toMatchObject({ byte_count: size, row_count: 10 });
    expect(await isQuiet()).toBe(true);
  });

  test('an event that comes twice loads its object once and says so once', async () => {
    const event = await arrive(partName(1));
    await tell(event, event);
    await newHandler()(event, log);
    expect(timesLoaded(partName(1))).toBe(1);
    expect(bus.chain()).toHaveLength(1);
    expect(bus.chain()[0]).toMatchObject({
      streams: ['orders'],
      counts: { objects: 1, rows: 10, quarantined: 0 },
      detail: { manifest: 'load-orders-000000001', objects: 1 },
    });
    expect(warehouse.ledger.get(objectId(BUCKET, event.object))).toMatchObject({
      stream: 'orders',
      row_count: 10,
      manifest: 'load-orders-000000001',
    });
  });

  test.each(['loaded', 'query'] as const)(
    'a crash at "%s" neither loses nor doubles, and the load is said',
    async (step) => {
      let steps = 0;
      warehouse.interfere = (at) => {
        if (at !== step) return;
        steps += 1;
        // The first query is the ledger's look-up, the second its entry.
        if (steps === (step === 'query' ? 2 : 1)) throw new Error('crashed');
      };
      const event = await arrive(partName(1));
      await expect(handle(event, log)).rejects.toThrow('crashed');
      handle = newHandler();
      await tell(event);
      expect(timesLoaded(partName(1))).toBe(1);
      expect(bus.chain().map(({ type }) => type)).toEqual(['warehouse.loaded']);
      expect(await isQuiet()).toBe(true);
    },
  );

  test('a load that could not be said is said by the next attempt, and loaded once', async () => {
    bus.down = true;
    const event = await arrive(partName(1));
    await expect(handle(event, log)).rejects.toThrow('the bus is down');
    bus.down = false;
    await tell(event);
    expect(timesLoaded(partName(1))).toBe(1);
    expect(bus.chain()).toMatchObject([{ type: 'warehouse.loaded', counts: { objects: 1, rows: 10 } }]);
  });

  test.each([true, false])(
    'one bad object goes to quarantine and the rest loads (named by BigQuery: %s)',
    async (named) => {
      warehouse.namesBadUris = named;
      const first = await arrive(partName(0));
      const events: DeliveredEvent[] = [];
      for (let n = 1; n <= 20; n += 1) events.push(await arrive(partName(n)));
      warehouse.badUris.add(uri(partName(7)));
      await Promise.all([first, ...events].map((event) => handle(event, log)));
      for (let n = 0; n <= 20; n += 1) expect(timesLoaded(partName(n))).toBe(n === 7 ? 0 : 1);
      const quarantined = partName(7).replace('processed/', 'quarantine/');
      expect((await lake.read(BUCKET, quarantined))?.body).toEqual(CONTENT);
      const reason = JSON.parse((await lake.read(BUCKET, `${quarantined}.reason.json`))!.body.toString());
      expect(reason).toMatchObject({ code: 'WAREHOUSE_REJECTED', stage: 'load', object: uri(partName(7)) });
      expect(await lake.read(BUCKET, partName(7))).toBeUndefined();
      expect([...warehouse.ledger.values()].filter(({ job_id }) => job_id === 'quarantined')).toHaveLength(1);
      const incidents = bus.chain().filter(({ type }) => type === 'incident.raised');
      expect(incidents).toMatchObject([{ error: { code: 'WAREHOUSE_REJECTED' }, detail: { object: partName(7) } }]);
      expect(await isQuiet()).toBe(true);
    },
  );

  test('an object that was quarantined and comes again is loaded, also under its old name', async () => {
    const [bad, good] = [await arrive(partName(0)), await arrive(partName(1))];
    warehouse.badUris.add(uri(partName(0)));
    await Promise.all([bad, good].map((event) => handle(event, log)));
    expect(timesLoaded(partName(0))).toBe(0);
    warehouse.badUris.clear();
    await handle(await arrive(partName(0)), log);
    expect(timesLoaded(partName(0))).toBe(1);
    expect(bus.chain().flatMap(({ type, detail }) => (detail.incident ? [[type, detail.incident]] : []))).toEqual([
      ['incident.raised', `quarantine:${partName(0)}`],
      ['incident.cleared', `quarantine:${partName(0)}`],
    ]);
  });

  test('an object that takes the place of a quarantined one is not removed for it', async () => {
    warehouse.badUris.add(uri(partName(0)));
    // Dies when the object is removed and the manifest is not done yet.
    let [written, dead] = [0, false];
    const dying = lake.seenThrough((moment, operation, name) => {
      if (moment !== 'before' || operation !== 'write') return;
      if (name.includes('/manifests/')) written += 1;
      dead ||= written > 1;
      if (dead) throw new Error('crashed');
    });
    await expect(newHandler(dying)(await arrive(partName(0)), log)).rejects.toThrow('crashed');
    expect([...warehouse.ledger.values()].map(({ job_id }) => job_id)).toEqual(['quarantined']);
    warehouse.badUris.clear();
    const mended = await arrive(partName(0));
    clock.advance(20_000);
    await tell(mended);
    expect((await lake.read(BUCKET, partName(0)))?.object.generation).toBe(mended.object.generation);
    expect(timesLoaded(partName(0))).toBe(1);
    expect(await isQuiet()).toBe(true);
  });

  test('an object that was overwritten while it was refused is not quarantined: the newer one is looked at', async () => {
    warehouse.badUris.add(uri(partName(0)));
    const load = warehouse.load.bind(warehouse);
    let mended: ObjectEvent | undefined;
    warehouse.load = async (request) => {
      mended ??= await arrive(partName(0), OTHER_CONTENT);
      return load(request);
    };
    const bad = await arrive(partName(0));
    await tell(bad);
    expect(warehouse.ledger.get(objectId(BUCKET, bad.object))).toMatchObject({ job_id: 'superseded' });
    expect((await lake.read(BUCKET, partName(0)))?.body).toEqual(OTHER_CONTENT);
    expect(await lake.read(BUCKET, partName(0).replace('processed/', 'quarantine/'))).toBeUndefined();
    warehouse.badUris.clear();
    await tell(mended!);
    expect(timesLoaded(partName(0))).toBe(1);
    expect(bus.chain().map(({ type }) => type)).toEqual(['warehouse.loaded']);
  });

  test('where everything is refused the table is at fault: nothing is moved, and it is told', async () => {
    // The first goes alone, and is in order; all others are on record by then.
    const events: DeliveredEvent[] = [await arrive(partName(0))];
    for (let n = 1; n <= 10; n += 1) {
      events.push(await arrive(partName(n)));
      warehouse.badUris.add(uri(partName(n)));
    }
    warehouse.interfere = () => {
      throw new Error('not yet');
    };
    await Promise.allSettled(events.map((event) => handle(event, log)));
    warehouse.interfere = () => undefined;
    for (let attempt = 0; attempt < 8; attempt += 1) await handle(tick(), log).catch(() => undefined);
    for (let n = 0; n <= 10; n += 1) expect(await lake.read(BUCKET, partName(n))).toBeDefined();
    expect(bus.chain().map(({ error }) => error?.code)).toContain('LOAD_ALL_REFUSED');
  });

  test.each(['notFound', 'accessDenied'])(
    'where the table is refused (%s), no jobs are spent on looking for an object',
    async (reason) => {
      warehouse.refusesAllFor = reason;
      const events = [await arrive(partName(0)), await arrive(partName(1)), await arrive(partName(2))];
      await Promise.allSettled(events.map((event) => handle(event, log)));
      for (let attempt = 0; attempt < 12; attempt += 1) await handle(tick(), log).catch(() => undefined);
      // Every attempt asks for the same job, and for the one after the table was looked after.
      expect(warehouse.jobs.size).toBeLessThanOrEqual(4);
      expect([...warehouse.ledger.values()]).toEqual([]);
      const given = bus.chain().filter(({ detail }) => detail.incident === 'load:orders');
      expect(given[0]).toMatchObject({ type: 'incident.raised', error: { code: 'WAREHOUSE_REJECTED' } });
      warehouse.refusesAllFor = undefined;
      await tell(await arrive(partName(3)));
      expect(bus.chain().at(-1)).toMatchObject({ type: 'incident.cleared', detail: { incident: 'load:orders' } });
    },
  );

  test.each(['quotaExceeded', 'stopped', 'timeout', 'blocked'])(
    'a job that failed for a reason that passes (%s) spends its id and not its objects',
    async (reason) => {
      warehouse.failsFor.push(reason, reason, reason);
      const event = await arrive(partName(0));
      for (const spent of [1, 2, 3]) {
        // An instance may be a new one or the same.
        if (spent === 2) handle = newHandler();
        await expect(handle(event, log)).rejects.toMatchObject({ code: 'WAREHOUSE_JOB_FAILED' });
        expect(warehouse.jobs.size).toBe(spent);
      }
      await tell(event);
      expect([timesLoaded(partName(0)), warehouse.jobs.size]).toEqual([1, 4]);
      expect(await isQuiet()).toBe(true);
    },
  );

  test('an object written again with the same content is not loaded again', async () => {
    const name = partName(1).replace('00001', sha256('row 1'));
    await tell(await arrive(name));
    await tell(await arrive(name));
    expect(timesLoaded(name)).toBe(1);
    expect([...warehouse.ledger.values()].map(({ job_id }) => job_id)).toContainEqual('unchanged');
    expect(bus.chain()).toHaveLength(1);
  });

  describe('an object overwritten with other content', () => {
    const merges = () => warehouse.otherStatements.filter((statement) => statement.startsWith('MERGE staging.'));
    const sideTables = (verb: string) =>
      warehouse.otherStatements.filter((statement) => statement.startsWith(verb)).length;

    test('replaces the rows of the older one, which leave where the newer one does not hold them', async () => {
      await tell(await arrive(partName(1)), await arrive(partName(2)));
      // Of ten rows the newer content has seven, and no file has the other three.
      warehouse.replaced = { shared: 7, orphans: 3 };
      const newer = await arrive(partName(1), OTHER_CONTENT);
      await tell(newer);
      expect(timesLoaded(partName(1))).toBe(1);
      expect(merges()).toHaveLength(1);
      expect(merges()[0]).toMatch(/WHEN MATCHED AND newer\._leaves THEN DELETE/);
      expect(merges()[0]).toMatch(/NOT IN \(SELECT _event_id FROM ops\.rewrite_orders_\w+_others/);
      expect(bus.chain().map(({ type }) => type)).toEqual(['warehouse.loaded', 'warehouse.loaded', 'warehouse.loaded']);
      expect(bus.chain().at(-1)!.counts).toMatchObject({ objects: 1, rows: 10, removed_rows: 3 });
      expect(warehouse.ledger.get(objectId(BUCKET, newer.object))).toMatchObject({ row_count: 10 });
      expect(sideTables('CREATE TABLE')).toBe(sideTables('DROP TABLE'));
    });

    test.each([
      ['more rows are without a file than it had', { shared: 7, orphans: 4 }, 'no file of the folder'],
      ['a row count is not known', { shared: 0, orphans: 1 }, 'ledger does not say'],
    ])('leaves what only the older one held where %s, and a person is told', async (what, replaced, why) => {
      const older = await arrive(partName(1));
      await tell(older);
      const id = objectId(BUCKET, older.object);
      if (what.includes('count')) warehouse.ledger.set(id, { ...warehouse.ledger.get(id)!, row_count: null });
      warehouse.replaced = replaced;
      await tell(await arrive(partName(1), OTHER_CONTENT));
      expect(merges()).toHaveLength(1);
      expect(merges()[0]).not.toMatch(/TRUE AS _leaves/);
      const [incident] = bus.chain().filter(({ type }) => type === 'incident.raised');
      expect(incident).toMatchObject({
        error: { code: 'LOAD_OBJECT_OVERWRITTEN', message: expect.stringContaining(why) },
        detail: { incident: `overwritten:${partName(1)}` },
      });
    });

    test('is replaced again after a crash that came before the ledger, which changes nothing more', async () => {
      await tell(await arrive(partName(1)));
      warehouse.replaced = { shared: 7, orphans: 3 };
      const newer = await arrive(partName(1), OTHER_CONTENT);
      warehouse.interfere = (step) => {
        if (step === 'query' && merges().length > 0) throw new Error('crashed');
      };
      await expect(handle(newer, log)).rejects.toThrow('crashed');
      warehouse.interfere = () => undefined;
      // By now the older rows are gone, and all that is there is in the newer content.
      warehouse.replaced = { shared: 10, orphans: 0 };
      handle = newHandler();
      await tell(newer);
      expect(bus.chain().map(({ type, error }) => error?.code ?? type)).toEqual([
        'warehouse.loaded',
        'warehouse.loaded',
      ]);
      expect(warehouse.ledger.get(objectId(BUCKET, newer.object))).toMatchObject({ row_count: 10 });
    });

    test('by something that BigQuery refuses goes to quarantine, and the rows of the older one stay', async () => {
      await tell(await arrive(partName(1)));
      warehouse.badUris.add(uri(partName(1)));
      await tell(await arrive(partName(1), OTHER_CONTENT));
      expect(merges()).toEqual([]);
      expect([...warehouse.ledger.values()].map(({ job_id }) => job_id)).toContainEqual('quarantined');
    });
  });

  describe('the ledger', () => {
    const rows = (count: number) => parquetFile(Array.from({ length: count }, (_, n) => `${count} ${n}`));
    const raised = () => bus.chain().filter(({ type }) => type === 'incident.raised');

    test('says of each object of a job how many rows it had', async () => {
      const events = [
        await arrive(partName(0), rows(3)),
        await arrive(partName(1), rows(0)),
        await arrive(partName(2), rows(27)),
      ];
      await Promise.all(events.map((event) => handle(event, log)));
      const counts = events.map(({ object }) => warehouse.ledger.get(objectId(BUCKET, object)));
      const jobs = new Set(counts.map((entry) => entry!.job_id));
      // One goes at once, the two others together.
      expect(jobs.size).toBe(2);
      expect(counts[1]!.row_count! + counts[2]!.row_count!).toBe(27);
      expect(counts.map((entry) => entry!.byte_count)).toEqual(events.map(({ object }) => object.size));
    });

    test('does not hide that a job loaded other rows than its files have', async () => {
      const events = [
        await arrive(partName(0)),
        await arrive(partName(1), rows(10)),
        await arrive(partName(2), rows(11)),
      ];
      await Promise.all(events.map((event) => handle(event, log)));
      expect(raised()).toMatchObject([
        { error: { code: 'LOAD_ROWS_DIFFER', message: expect.stringContaining('21 rows, the job loaded 20') } },
      ]);
      expect(raised()[0]!.detail.incident).toMatch(/^load-rows:load_orders_/);
    });
  });

  describe('the budget of load jobs', () => {
    const HOUR = 3_600_000;
    const incidents = () => bus.chain().filter(({ detail }) => detail.incident === 'load-budget:orders');

    test('is never exceeded, not by the search for what is at fault: it goes on when some is back, people are told once each time', async () => {
      jobsPerDay = 4;
      handle = newHandler();
      await tell(await arrive(partName(0)));
      const events: DeliveredEvent[] = [];
      for (let n = 1; n <= 16; n += 1) events.push(await arrive(partName(n)));
      warehouse.badUris.add(uri(partName(9)));
      clock.advance(5 * HOUR);
      // The budget is stretched, so that the rest goes together when it is due.
      await Promise.all(events.map((event) => handle(event, log)));
      clock.advance(5 * HOUR);
      await Promise.all([...events, ...events].map((event) => handle(event, log)));
      await handle(tick(), log);
      await newHandler()(tick(), log);
      expect(warehouse.jobs.size).toBe(4);
      expect(incidents()).toMatchObject([{ type: 'incident.raised', error: { code: 'LOAD_BUDGET_SPENT' } }]);
      for (let day = 0; day < 4; day += 1) {
        clock.advance(26 * HOUR);
        const before = warehouse.jobs.size;
        await newHandler()(tick(), log);
        expect(warehouse.jobs.size - before).toBeLessThanOrEqual(4);
      }
      for (let n = 0; n <= 16; n += 1) expect(timesLoaded(partName(n))).toBe(n === 9 ? 0 : 1);
      expect(incidents()[1]).toMatchObject({ type: 'incident.cleared' });
      expect(incidents().at(-1)).toMatchObject({ type: 'incident.cleared' });
      expect(await isQuiet()).toBe(true);
    });

    test('that is spent in the middle of a manifest costs no query for ten minutes', async () => {
      jobsPerDay = 1;
      handle = newHandler();
      warehouse.badUris.add(uri(partName(0)));
      // Refused, and none is left to try again after the table was looked after.
      const event = await arrive(partName(0));
      await tell(event);
      expect([await isQuiet(), warehouse.jobs.size]).toEqual([false, 1]);
      let queries = 0;
      warehouse.interfere = (step) => {
        queries += step === 'query' ? 1 : 0;
      };
      await tell(event, await arrive(partName(1)), tick());
      clock.advance(10 * 60_000 - 1);
      await tell(event, event);
      expect(queries).toBe(0);
      clock.advance(1);
      await tell(event);
      expect(queries).toBeGreaterThan(0);
      clock.advance(26 * HOUR);
      await tell(tick());
      expect([timesLoaded(partName(1)), await isQuiet()]).toEqual([1, true]);
    });

    test('that was spent by the last that arrived is said to be back when nothing waits, too', async () => {
      jobsPerDay = 1;
      handle = newHandler();
      await tell(await arrive(partName(0)), tick());
      expect(incidents().map(({ type }) => type)).toEqual(['incident.raised']);
      clock.advance(26 * HOUR);
      await tell(tick(), tick());
      expect(incidents().map(({ type }) => type)).toEqual(['incident.raised', 'incident.cleared']);
    });

    test('lets what arrives wait until the next load is due, and the events are taken', async () => {
      jobsPerDay = 3;
      handle = newHandler();
      await tell(await arrive(partName(0)), await arrive(partName(1)), await arrive(partName(2)), tick());
      expect(warehouse.jobs.size).toBe(1);
      clock.advance(5 * HOUR);
      await tell(tick());
      expect([timesLoaded(partName(1)), timesLoaded(partName(2)), warehouse.jobs.size]).toEqual([1, 1, 2]);
      expect(incidents()).toEqual([]);
    });
  });

  describe('a crash between a job and the ledger', () => {
    /** A search for what is at fault: several jobs under one manifest. */
    async function searching(): Promise<DeliveredEvent[]> {
      const events: DeliveredEvent[] = [];
      for (let n = 0; n <= 16; n += 1) events.push(await arrive(partName(n)));
      warehouse.badUris.add(uri(partName(5)));
      return events;
    }

    test.each(Array.from({ length: 12 }, (_, n) => n + 1))(
      'at the %ith job that loads or fails: whatever was loaded is not loaded again in other company',
      async (fatal) => {
        const events = await searching();
        let steps = 0;
        warehouse.interfere = (step) => {
          if (step === 'query') return;
          steps += 1;
          if (steps === fatal) throw new Error('crashed');
        };
        await whileTimePasses(Promise.allSettled(events.map((event) => handle(event, log))));
        handle = newHandler();
        await whileTimePasses(Promise.allSettled(events.map((event) => handle(event, log))));
        await tell(tick());
        for (let n = 0; n <= 16; n += 1) expect(timesLoaded(partName(n))).toBe(n === 5 ? 0 : 1);
        expect(await isQuiet()).toBe(true);
      },
    );
  });

  describe('a load that cannot go on', () => {
    const said = () =>
      bus.published
        .map(({ message }) => parseChainEvent(message.data))
        .filter(({ detail }) => detail.incident === 'load:orders')
        .map(({ type, error }) => error?.code ?? type);

    /** Whether or not it may go well. */
    async function tryOften(event: DeliveredEvent): Promise<void> {
      for (let attempt = 0; attempt < 12; attempt += 1) await handle(event, log).catch(() => undefined);
    }

    test.each([
      [
        'WAREHOUSE_FORBIDDEN',
        () => {
          warehouse.interfere = (step) => {
            if (step === 'query') throw new UserError('WAREHOUSE_FORBIDDEN', 'no access');
          };
        },
      ],
      [
        'WAREHOUSE_SCHEMA_CONFLICT',
        () => {
          warehouse.ensureStaging = async () => {
            throw new UserError('WAREHOUSE_SCHEMA_CONFLICT', 'staging.orders.kind is STRING');
          };
        },
      ],
    ])(
      '(%s) is not given up before it is known what its last job did, and nothing is loaded twice',
      async (_, fail) => {
        let queries = 0;
        warehouse.interfere = (step) => {
          queries += step === 'query' ? 1 : 0;
          if (queries === 2) throw new Error('crashed before the ledger');
        };
        await expect(handle(await arrive(partName(0)), log)).rejects.toThrow('crashed');
        warehouse.interfere = () => undefined;
        handle = newHandler();
        const ensure = warehouse.ensureStaging.bind(warehouse);
        fail();
        const next = await arrive(partName(1));
        await tryOften(next);
        await expect(handle(next, log)).rejects.toMatchObject({ code: 'LOAD_UNSETTLED', class: 'transient' });
        expect(said()).toEqual(['LOAD_UNSETTLED']);
        warehouse.interfere = () => undefined;
        warehouse.ensureStaging = ensure;
        // The sweep takes up what was given up.
        for (let look = 0; look < 3; look += 1) {
          await handle(tick(), log);
          clock.advance(20 * 60_000);
        }
        expect([timesLoaded(partName(0)), timesLoaded(partName(1))]).toEqual([1, 1]);
        expect(said()).toEqual(['LOAD_UNSETTLED', 'incident.cleared']);
        expect(await isQuiet()).toBe(true);
      },
    );

    test('and was given up is said to be over, also when that could not be said at first', async () => {
      const ensure = warehouse.ensureStaging.bind(warehouse);
      warehouse.ensureStaging = async () => {
        throw new UserError('WAREHOUSE_SCHEMA_CONFLICT', 'staging.orders.kind is STRING');
      };
      await tryOften(await arrive(partName(0)));
      expect(new Set(said())).toEqual(new Set(['WAREHOUSE_SCHEMA_CONFLICT']));
      warehouse.ensureStaging = ensure;
      const publish = bus.publish.bind(bus);
      bus.publish = async (topic, messages) => {
        if (messages.some(({ data }) => parseChainEvent(data).type === 'incident.cleared')) throw new Error('down');
        await publish(topic, messages);
      };
      const event = await arrive(partName(1));
      await expect(handle(event, log)).rejects.toThrow('down');
      bus.publish = publish;
      await tell(event);
      expect(said().at(-1)).toBe('incident.cleared');
      expect(timesLoaded(partName(1))).toBe(1);
    });

    test('is gone on with by what the ledger knows once no other can begin a job', async () => {
      let claimed = false;
      const asked: boolean[] = [];
      const seen = lake.seenThrough((moment, operation, name) => {
        claimed ||= moment === 'after' && operation === 'write' && name === 'control/loads/orders.jobs.json';
      });
      warehouse.interfere = (step) => {
        if (step === 'query') asked.push(claimed);
      };
      await newHandler(seen)(await arrive(partName(0)), log);
      expect(asked[0]).toBe(true);
    });
  });

  test('files that are no Parquet need no job of their own to be found', async () => {
    const first = await arrive(partName(0));
    const events: DeliveredEvent[] = [];
    for (let n = 1; n <= 40; n += 1)
      events.push(await arrive(partName(n), n % 4 === 0 ? CONTENT.subarray(0, -9) : CONTENT));
    for (let n = 4; n <= 40; n += 4) warehouse.badUris.add(uri(partName(n)));
    await whileTimePasses(Promise.all([first, ...events].map((event) => handle(event, log))));
    for (let n = 0; n <= 40; n += 1) expect(timesLoaded(partName(n))).toBe(n > 0 && n % 4 === 0 ? 0 : 1);
    // Each group is refused once and loaded without them; to search for ten would have taken dozens.
    expect(warehouse.jobs.size).toBeLessThan(7);
    expect([...warehouse.ledger.values()].filter(({ job_id }) => job_id === 'quarantined')).toHaveLength(10);
  });

  test('an event of an older generation that comes late loads nothing', async () => {
    const older = await arrive(partName(1));
    const newer = await arrive(partName(1), OTHER_CONTENT);
    await tell(newer, older);
    expect(timesLoaded(partName(1))).toBe(1);
    expect([...warehouse.ledger.values()].map(({ job_id }) => job_id)).toContainEqual('superseded');
  });

  test('the sweep loads objects whose event never came, and only those', async () => {
    await tell(await arrive(partName(1)));
    await arrive(partName(2));
    await arrive('processed/orders/dt=2026-11-21/hr=05/.temp-part-1.parquet');
    await tell(tick());
    expect(timesLoaded(partName(2))).toBe(0);
    clock.advance(90_000);
    await tell(tick());
    expect([timesLoaded(partName(1)), timesLoaded(partName(2))]).toEqual([1, 1]);
    const jobs = warehouse.jobs.size;
    clock.advance(60_000);
    await tell(tick());
    expect(warehouse.jobs.size).toBe(jobs);
    expect(warehouse.appended.size).toBe(2);
  });

  test('streams do not wait for each other', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const load = warehouse.load.bind(warehouse);
    warehouse.load = async (request) => {
      if (request.table === 'orders') await held;
      return load(request);
    };
    const orders = handle(await arrive(partName(1)), log);
    await tell(await arrive(partName(1, 'customers')));
    expect(timesLoaded(partName(1, 'customers'))).toBe(1);
    release();
    await orders;
    expect(timesLoaded(partName(1))).toBe(1);
  });

  test('objects of other folders, buckets and unknown streams are left alone', async () => {
    await tell(
      await arrive('raw/orders/dt=2026-11-21/hr=05/part-1.parquet'),
      await arrive('dead-letter/orders/bridge/dt=2026-11-21/1.json', '{}'),
      await arrive(partName(1, 'unheard_of')),
    );
    expect(warehouse.jobs.size).toBe(0);
  });

  test('a table is brought up to its contract before the first load, and again once the contract changed', async () => {
    contracts = withVersion('1.0.0');
    await tell(await arrive(partName(1)), await arrive(partName(2)));
    contracts = withVersion('1.1.0');
    await tell(await arrive(partName(3)), await arrive(partName(4)));
    expect(warehouse.ensured).toEqual(['orders 1.0.0', 'orders 1.1.0']);
  });

  test('a file that is ahead of the contract is loaded once the contract is looked at again', async () => {
    contracts = withVersion('1.0.0');
    await tell(await arrive(partName(1)));
    warehouse.badUris.add(uri(partName(2)));
    const ensure = warehouse.ensureStaging.bind(warehouse);
    warehouse.ensureStaging = async (contract) => {
      await ensure(contract);
      if (contract.version === '1.1.0') warehouse.badUris.clear();
    };
    const load = warehouse.load.bind(warehouse);
    warehouse.load = async (request) => {
      // The contract changes while the job runs.
      contracts = withVersion('1.1.0');
      return load(request);
    };
    await tell(await arrive(partName(2)));
    expect(timesLoaded(partName(2))).toBe(1);
    expect(bus.chain().map(({ type }) => type)).toEqual(['warehouse.loaded', 'warehouse.loaded']);
  });

  test('a column that cannot become what its contract says holds up its stream alone', async () => {
    contracts = withVersion('1.0.0');
    warehouse.ensureStaging = async ({ stream }) => {
      if (stream === 'orders') throw new UserError('WAREHOUSE_SCHEMA_CONFLICT', 'staging.orders.kind is STRING');
    };
    await expect(tell(await arrive(partName(1)))).rejects.toMatchObject({ code: 'WAREHOUSE_SCHEMA_CONFLICT' });
    await tell(await arrive(partName(1, 'customers')));
    expect([timesLoaded(partName(1, 'customers')), timesLoaded(partName(1))]).toEqual([1, 0]);
  });
});

/** The committed contracts, with orders of this version. */
function withVersion(version: string): Contracts {
  const committed = loadContracts();
  return new Map([...committed, ['orders', { ...committed.get('orders')!, version }]]);
}
