import { beforeEach, describe, expect, test } from '@jest/globals';
import { type ChainEvent, type ChainEventInput, chainEvent } from '@tributary/platform/events';
import { createLogger } from '@tributary/platform/log';
import type { QueryOptions, Row, Warehouse } from '@tributary/platform/warehouse';
import { channels } from './channels.ts';
import { notifyHandler } from './handler.ts';

const log = createLogger('test', { level: 'silent' });

/** `ops.events` in memory. */
class EventTable implements Pick<Warehouse, 'query'> {
  readonly rows = new Map<string, Row>();

  async query<T extends Row = Row>(sql: string, { params = {} }: QueryOptions = {}): Promise<T[]> {
    const id = params.event_id as string;
    const known = this.rows.get(id);
    if (sql.startsWith('SELECT')) return known ? [known as T] : [];
    if (!known) this.rows.set(id, params);
    return [];
  }
}

let table: EventTable;
let posts: { url: string; body: Record<string, unknown> }[];
let answer: () => Response;

const send = (async (url: string, init: RequestInit) => {
  posts.push({ url, body: JSON.parse(init.body as string) });
  return answer();
}) as typeof fetch;

function newHandler(configured = true) {
  const config = {
    slackWebhookUrl: configured ? 'https://hooks.slack.test/1' : undefined,
    googleChatWebhookUrl: configured ? 'https://chat.test/2' : undefined,
    telegramBotToken: configured ? '1:token' : undefined,
    telegramChatId: configured ? '-100' : undefined,
  };
  return notifyHandler({ warehouse: table as unknown as Warehouse, channels: channels(config, send) });
}

const tell = (event: ChainEvent, handler = newHandler()) => handler({ kind: 'chain', event }, log);

function event(input: Partial<ChainEventInput> = {}): ChainEvent {
  return chainEvent({ type: 'warehouse.loaded', runId: 'run-1', streams: ['orders'], ...input });
}

const failure = () =>
  event({
    type: 'transform.finished',
    counts: { errors: 1 },
    error: { code: 'DBT_NODES_FAILED', message: 'got ann@example.com where a token was expected' },
  });

beforeEach(() => {
  table = new EventTable();
  posts = [];
  answer = () => new Response(null, { status: 200 });
});

describe('notify', () => {
  test('every event is on record once, whole, and success is not told to people', async () => {
    const loaded = event();
    await tell(loaded);
    await tell(loaded);
    expect([...table.rows.values()]).toMatchObject([
      { event_id: loaded.event_id, type: 'warehouse.loaded', streams: '["orders"]', status: 'ok', cause: null },
    ]);
    expect(JSON.parse([...table.rows.values()][0]!.payload as string)).toEqual(loaded);
    expect(posts).toEqual([]);
  });

  test('a failure is told once to each configured chat', async () => {
    const failed = failure();
    await tell(failed);
    await tell(failed);
    expect(posts.map(({ url }) => url)).toEqual([
      'https://hooks.slack.test/1',
      'https://chat.test/2',
      'https://api.telegram.org/bot1:token/sendMessage',
    ]);
    expect(posts[0]!.body.text).toContain('DBT_NODES_FAILED');
    expect(posts[0]!.body.text).toContain(failed.event_id);
    expect(posts[2]!.body.chat_id).toBe('-100');
  });

  test('what is told holds no text that may quote a row', async () => {
    await tell(failure());
    expect(JSON.stringify(posts)).not.toContain('example');
  });

  test('an incident is told although its status may be anything', async () => {
    await tell(event({ type: 'incident.raised', status: 'ok' }));
    expect(posts).toHaveLength(3);
  });

  test('a chat that does not answer is tried again and does not hold up the record', async () => {
    answer = () => new Response(null, { status: 503 });
    await tell(failure());
    expect(posts).toHaveLength(9);
    expect(table.rows.size).toBe(1);
  });

  test('without chats a failure is on record all the same', async () => {
    await tell(failure(), newHandler(false));
    expect(posts).toEqual([]);
    expect(table.rows.size).toBe(1);
  });

  test('a tick of the sweep is not worth a record', async () => {
    await tell(event({ type: 'sweep.tick' }));
    expect(table.rows.size).toBe(0);
  });
});
