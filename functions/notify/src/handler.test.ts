import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type ChainEvent, type ChainEventInput, chainEvent } from '@tributary/platform/events';
import { type Interference, ManualClock, MemoryLake } from '@tributary/platform/group-commit/testing';
import { createLogger } from '@tributary/platform/log';
import { RecordedMetrics } from '@tributary/platform/metrics/testing';
import type { QueryOptions, Row, Warehouse } from '@tributary/platform/warehouse';
import { channels } from './channels/index.ts';
import { notifyHandler } from './handler.ts';
import { type Receiver, startReceiver } from './testing/receiver.ts';

// Each message goes over HTTP, of which a busy machine makes few in a second.
jest.setTimeout(60_000);

const log = createLogger('test', { level: 'silent' });
const MINUTE = 60_000;
const links = { runUrlTemplate: 'https://runs.test/{run_id}', runbookUrl: 'https://docs.test' };

/** `ops.events` in memory. */
class EventTable implements Pick<Warehouse, 'query'> {
  readonly rows = new Map<string, Row>();
  down = false;

  async query<T extends Row = Row>(sql: string, { params = {} }: QueryOptions = {}): Promise<T[]> {
    if (this.down) throw new Error('the warehouse does not answer');
    const id = params.event_id as string;
    const known = this.rows.get(id);
    if (sql.startsWith('SELECT')) return known ? [known as T] : [];
    if (!known) this.rows.set(id, params);
    return [];
  }
}

let table: EventTable;
let lake: MemoryLake;
let clock: ManualClock;
let slack: Receiver;
let chat: Receiver;

beforeEach(async () => {
  table = new EventTable();
  lake = new MemoryLake();
  clock = new ManualClock(Date.UTC(2026, 10, 21, 12));
  [slack, chat] = await Promise.all([startReceiver(), startReceiver()]);
});
afterEach(() => Promise.all([slack.stop(), chat.stop()]));

/** A process of the function; what interferes with its lake is its own. */
function newHandler(interfere?: Interference, configured = true) {
  const config = {
    ...{
      slackWebhookUrl: slack.url,
      googleChatWebhookUrl: chat.url,
      telegramBotToken: undefined,
      telegramChatId: undefined,
    },
    ...{ telegramApiUrl: 'https://telegram.test', remindHours: 24, maxPerMinute: 5, links },
  };
  const none = { ...config, slackWebhookUrl: undefined, googleChatWebhookUrl: undefined };
  const handler = notifyHandler({
    warehouse: table as unknown as Warehouse,
    lake: interfere ? lake.seenThrough(interfere) : lake,
    bucket: 'lake',
    channels: channels(configured ? config : none, { send: fetch, pause: async () => undefined }),
    links,
    remindAfterMs: 24 * 60 * MINUTE,
    maxPerMinute: 5,
    clock,
  });
  return (event: ChainEvent) => handler({ kind: 'chain', event }, log);
}

let runs = 0;
function event(input: Partial<ChainEventInput> = {}): ChainEvent {
  runs += 1;
  const finishedAt = new Date(clock.now());
  return chainEvent({ type: 'warehouse.loaded', runId: `run-${runs}`, streams: ['orders'], finishedAt, ...input });
}
const failure = (streams = ['orders']) =>
  event({
    type: 'transform.finished',
    streams,
    counts: { errors: 1 },
    error: { code: 'DBT_NODES_FAILED', message: 'got ann@example.com where a token was expected' },
  });
const success = (streams = ['orders']) => event({ type: 'transform.finished', streams });
const tick = () => event({ type: 'sweep.tick' });
const titles = ({ received }: Receiver) => received.map(({ body }) => String(body.text).split('\n')[0]);

test('an event told again before it is recorded is measured once, and is not taken while its record fails', async () => {
  const recorded = new RecordedMetrics();
  try {
    const load = event({ counts: { rows: 7 } });
    const tell = newHandler();
    table.down = true;
    const failed = await Promise.allSettled([tell(load), tell(load)]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    table.down = false;
    await Promise.all([tell(load), tell(load), tell(load)]);
    expect(await recorded.of('tributary.stage.rows')).toEqual([{ labels: { stage: 'load', of: 'orders' }, value: 7 }]);
  } finally {
    await recorded.stop();
  }
});

test('an event told to two processes, three times, is measured once', async () => {
  const recorded = new RecordedMetrics();
  try {
    const load = event({ counts: { rows: 7 } });
    for (const tell of [newHandler(), newHandler(), newHandler()]) await tell(load);
    expect(await recorded.of('tributary.stage.rows')).toEqual([{ labels: { stage: 'load', of: 'orders' }, value: 7 }]);
  } finally {
    await recorded.stop();
  }
});

describe('the record', () => {
  test('has every event once, whole, and success is not told to people', async () => {
    const tell = newHandler();
    const loaded = event();
    await tell(loaded);
    await tell(loaded);
    expect([...table.rows.values()]).toMatchObject([
      { event_id: loaded.event_id, type: 'warehouse.loaded', streams: '["orders"]', status: 'ok', cause: null },
    ]);
    expect(JSON.parse([...table.rows.values()][0]!.payload as string)).toEqual(loaded);
    expect(slack.received).toEqual([]);
  });

  test('has no ticks of the sweep', async () => {
    await newHandler()(tick());
    expect(table.rows.size).toBe(0);
  });

  test('waits for nobody: people are told while the warehouse is down, and the event comes again', async () => {
    table.down = true;
    const failed = failure();
    await expect(newHandler()(failed)).rejects.toThrow();
    expect(slack.received).toHaveLength(1);
    table.down = false;
    await newHandler()(failed);
    expect(slack.received).toHaveLength(1);
    expect(table.rows.size).toBe(1);
  });
});

describe('people', () => {
  test('get one message of an incident, in each chat, and one when it is over', async () => {
    const tell = newHandler();
    for (let time = 0; time < 4; time += 1) {
      await tell(failure());
      clock.advance(1_000);
    }
    await tell(success());
    await tell(success());
    for (const each of [slack, chat]) {
      expect(titles(each)).toEqual(['dbt failed: DBT_NODES_FAILED', 'Over: dbt failed: DBT_NODES_FAILED']);
    }
    expect(JSON.stringify(slack.received[1])).toContain('4 events');
    expect(JSON.stringify(slack.received[0])).toContain('https://docs.test/transform-failed.md');
    expect(JSON.stringify(slack.received[0])).toContain('https://runs.test/run-');
  });

  test('get one message however many processes are told of it at once', async () => {
    const failed = failure();
    const others = Array.from({ length: 4 }, () => failure());
    await Promise.all([failed, failed, failed, ...others].map((each) => newHandler()(each)));
    await newHandler()(tick());
    expect(titles(slack)).toEqual(['dbt failed: DBT_NODES_FAILED']);
    expect(titles(chat)).toEqual(['dbt failed: DBT_NODES_FAILED']);
  });

  test('are not shown text that may quote a row, except samples that are said to be harmless', async () => {
    const detail = {
      incident: 'gate:x',
      samples: [{ row: { quantity: -1 } }],
      secret: 'ann@example.com',
      failing: ['ann'],
    };
    await newHandler()({ ...failure(), type: 'incident.raised', detail });
    expect(JSON.stringify(slack.received)).toContain('quantity');
    expect(JSON.stringify([slack.received, chat.received])).not.toMatch(/ann|example\.com/);
  });

  test('are reminded of what is still open after a day and goes on', async () => {
    const tell = newHandler();
    await tell(failure());
    clock.advance(23 * 60 * MINUTE);
    await tell(failure());
    expect(slack.received).toHaveLength(1);
    clock.advance(60 * MINUTE);
    await tell(failure());
    expect(titles(slack)[1]).toBe('Still open: dbt failed: DBT_NODES_FAILED');
  });

  test('get one message of a burst of incidents', async () => {
    slack.always = { status: 503 };
    for (let stream = 0; stream < 30; stream += 1) await newHandler()(failure([`s${stream}`]));
    slack.always = undefined;
    slack.received.length = 0;
    await newHandler()(tick());
    // The first was on its way alone when the chat went down; the others came together behind it.
    expect(titles(slack)).toEqual(['dbt failed: DBT_NODES_FAILED', '29 incidents at once: 29 opened']);
    expect(JSON.stringify(slack.received[1])).toContain('transform.finished:s29');
  });

  test('get at most so many messages a minute; the rest is one when it is over', async () => {
    const tell = newHandler();
    for (let stream = 0; stream < 20; stream += 1) await tell(failure([`s${stream}`]));
    expect(slack.received).toHaveLength(5);
    await tell(tick());
    expect(slack.received).toHaveLength(5);
    clock.advance(MINUTE);
    await tell(tick());
    expect(titles(slack).slice(5)).toEqual(['15 incidents at once: 15 opened']);
    expect(titles(chat)).toHaveLength(6);
  });

  test('without chats nothing is kept for any', async () => {
    await newHandler(undefined, false)(failure());
    expect(table.rows.size).toBe(1);
    const names = [];
    for await (const { name } of lake.list('lake', 'control/notify-')) names.push(name);
    expect(names).toEqual([]);
  });
});

describe('a chat that is down', () => {
  test('loses nothing, and holds up neither the record nor the other chat', async () => {
    slack.always = { status: 500 };
    await newHandler()(failure());
    await newHandler()(success());
    expect(titles(chat)).toHaveLength(2);
    expect(table.rows.size).toBe(2);
    slack.always = undefined;
    slack.received.length = 0;
    await newHandler()(tick());
    expect(titles(slack)).toEqual(['dbt failed: DBT_NODES_FAILED', 'Over: dbt failed: DBT_NODES_FAILED']);
  });

  test('a message that it finds fault with does not hold up those behind', async () => {
    slack.replies.push({ status: 400 });
    await newHandler()(failure());
    await newHandler()(success());
    expect(titles(slack)).toHaveLength(2);
  });
});

describe('a process that dies', () => {
  /** Dies at the n-th request to the lake, before or after it took effect; nothing that it asks for later happens. */
  function dyingAt(request: number, moment: 'before' | 'after') {
    let seen = 0;
    const interfere: Interference = (now) => {
      if (now !== moment) return;
      seen += 1;
      if (seen >= request) throw new Error('died');
    };
    return { interfere, hasDied: () => seen >= request };
  }

  test.each(['before', 'after'] as const)(
    '%s any request to the lake: people are told, at most once more',
    async (moment) => {
      let deaths = 0;
      for (let request = 1; deaths === request - 1; request += 1) {
        lake = new MemoryLake();
        table = new EventTable();
        slack.received.length = 0;
        chat.received.length = 0;
        const failed = failure();
        const death = dyingAt(request, moment);
        // What the dead would have answered is of no interest: nobody hears it.
        await newHandler(death.interfere)(failed).catch(() => undefined);
        // The lease of the dead expires; then the event comes again, or the sweep comes first.
        clock.advance(MINUTE);
        if (request % 2 === 0) await newHandler()(tick());
        await newHandler()(failed);
        await newHandler()(tick());
        for (const each of [slack, chat]) {
          expect([1, 2]).toContain(each.received.length);
          expect(new Set(titles(each))).toEqual(new Set(['dbt failed: DBT_NODES_FAILED']));
        }
        expect(table.rows.size).toBe(1);
        if (death.hasDied()) deaths = request;
      }
      // Then it had as many requests as it wanted, and lived.
      expect(deaths).toBeGreaterThan(15);
    },
  );
});
