import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { foldedMessage, type Message, messageOf } from '../message.ts';
import type { Notice } from '../notice.ts';
import { type Receiver, startReceiver } from '../testing/receiver.ts';
import * as chat from './google-chat.ts';
import { type Channel, channels } from './index.ts';
import * as slackLimits from './slack.ts';
import * as telegramLimits from './telegram.ts';

let receiver: Receiver;
let all: Channel[];
let pauses: number[];

beforeEach(async () => {
  receiver = await startReceiver();
  pauses = [];
  const pause = async (milliseconds: number) => pauses.push(milliseconds);
  const config = {
    slackWebhookUrl: `${receiver.url}/services/T0/B0/secret`,
    googleChatWebhookUrl: `${receiver.url}/v1/spaces/S/messages?key=k&token=secret`,
    telegramBotToken: '1:secret',
    telegramChatId: '-100',
    telegramApiUrl: receiver.url,
    remindHours: 24,
    maxPerMinute: 5,
    links: { runUrlTemplate: undefined, runbookUrl: undefined },
  };
  all = channels(config, { send: fetch, pause });
});
afterEach(() => receiver.stop());

const links = { runUrlTemplate: 'https://logs.test/run?id={run_id}&a="b"', runbookUrl: 'https://docs.test/runbooks/' };

function notice(more: Partial<Notice['facts']> = {}): Notice {
  return {
    id: 'n1',
    kind: 'opened',
    at: '2026-11-21T12:00:00.000Z',
    events: 3,
    first: '2026-11-21T12:00:00.000Z',
    last: '2026-11-21T12:05:00.000Z',
    facts: {
      name: 'gate:features:customer_features',
      code: 'GATE_FAILED',
      type: 'quality.checked',
      details: { gate: 'features', object: 'gs://lake/a_b*c<d>&"e".parquet' },
      streams: ['orders'],
      views: ['customer_features'],
      counts: { failed: 2 },
      samples: ['{"expectation":"x <b>","row":{"quantity":-1}}'],
      runId: 'run-1',
      eventId: 'e'.repeat(32),
      runbook: 'quality-gate-failed',
      ...more,
    },
  };
}

/** As each of them documents a message; anything else it would refuse. */
const slackSchema = z.strictObject({
  text: z.string().min(1).max(slackLimits.MAX_TEXT),
  blocks: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({
          type: z.literal('header'),
          text: z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(150), emoji: z.boolean() }),
        }),
        z.strictObject({
          type: z.literal('section'),
          text: z.strictObject({ type: z.literal('mrkdwn'), text: z.string().min(1).max(3_000) }),
        }),
      ]),
    )
    .min(1)
    .max(50),
  unfurl_links: z.boolean(),
});
const widget = z.union([
  z.strictObject({ textParagraph: z.strictObject({ text: z.string().min(1) }) }),
  z.strictObject({
    buttonList: z.strictObject({
      buttons: z.array(
        z.strictObject({ text: z.string(), onClick: z.strictObject({ openLink: z.strictObject({ url: z.url() }) }) }),
      ),
    }),
  }),
]);
const chatSchema = z.strictObject({
  text: z.string().min(1).max(4_096),
  thread: z.strictObject({ threadKey: z.string().max(4_000) }),
  cardsV2: z
    .array(
      z.strictObject({
        cardId: z.string(),
        card: z.strictObject({
          header: z.strictObject({ title: z.string().min(1) }),
          sections: z.array(z.strictObject({ widgets: z.array(widget).min(1).max(100) })),
        }),
      }),
    )
    .length(1),
});
const telegramSchema = z.strictObject({
  chat_id: z.string(),
  text: z.string().min(1),
  parse_mode: z.literal('HTML'),
  link_preview_options: z.strictObject({ is_disabled: z.boolean() }),
});

/** The text that Telegram is left with once it has read the markup; refuses what it would. */
function afterParsing(html: string): string {
  expect(html.replaceAll(/<\/?(b|pre)>|<a href="[^"<>]*">|<\/a>|&(amp|lt|gt|quot);/g, '')).not.toMatch(/[<>&]/);
  const bare = html.replaceAll(/<[^>]*>/g, '');
  return bare.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}

async function post(
  message: Message,
): Promise<{ slack: z.output<typeof slackSchema>; chat: z.output<typeof chatSchema>; telegram: string }> {
  receiver.received.length = 0;
  for (const channel of all) await channel.post(message);
  const [toSlack, toChat, toTelegram] = receiver.received;
  expect(receiver.received.map(({ path }) => path.split('?')[0])).toEqual([
    ...['/services/T0/B0/secret', '/v1/spaces/S/messages', '/bot1:secret/sendMessage'],
  ]);
  for (const { contentType } of receiver.received) expect(contentType).toBe('application/json; charset=UTF-8');
  expect(toChat!.bytes).toBeLessThanOrEqual(chat.MAX_BYTES);
  expect(new URLSearchParams(toChat!.path.split('?')[1]).get('messageReplyOption')).toMatch(/^REPLY_MESSAGE/);
  const telegram = telegramSchema.parse(toTelegram!.body).text;
  expect(afterParsing(telegram).length).toBeLessThanOrEqual(telegramLimits.MAX_TEXT);
  return { slack: slackSchema.parse(toSlack!.body), chat: chatSchema.parse(toChat!.body), telegram };
}

describe('chats get messages as they document them', () => {
  test('with what failed, where, how often, and where to go', async () => {
    const { slack, chat: card, telegram } = await post(messageOf(notice(), links));
    expect(slack.text).toContain('A quality gate failed (features): GATE_FAILED');
    for (const text of [JSON.stringify(slack), JSON.stringify(card), telegram]) {
      expect(text).toContain('gate:features:customer_features');
      expect(text).toContain('3 events');
      expect(text).toContain('failed 2');
      expect(text).toContain('quantity');
      expect(text).toContain('https://docs.test/runbooks/quality-gate-failed.md');
    }
    expect(telegram).toContain('a_b*c&lt;d&gt;&amp;"e".parquet');
    expect(telegram).toContain('href="https://logs.test/run?id=run-1&amp;a=&quot;b&quot;"');
    expect(slack.blocks.at(-1)).toMatchObject({
      text: { text: expect.stringMatching(/^<https:\/\/logs\.test[^|]*\|Run> · </) },
    });
  });

  test('without links they name the file', async () => {
    const { telegram } = await post(messageOf(notice(), { runUrlTemplate: undefined, runbookUrl: undefined }));
    expect(telegram).toContain('docs/runbooks/quality-gate-failed.md');
    expect(telegram).not.toContain('href');
  });

  test('many at once are one, and what does not fit is counted', async () => {
    const many = Array.from({ length: 900 }, (_, index) => ({
      ...notice({ name: `dbt:model.${'x'.repeat(90)}${index}` }),
      id: `n${index}`,
    }));
    const { slack, telegram } = await post(foldedMessage(many, links));
    expect(slack.text).toContain('900 incidents at once: 900 opened');
    expect(telegram).toMatch(/… and \d+ more/);
  });

  test('whatever names and samples hold', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 600 }),
      fc.constantFrom('<', '&amp;', '```', '|>', '"', '𝒳'.repeat(300), '&'.repeat(400)),
    );
    await fc.assert(
      fc.asyncProperty(
        text,
        text,
        fc.array(text, { maxLength: 3 }),
        fc.array(text, { maxLength: 40 }),
        async (name, code, samples, streams) => {
          await post(
            messageOf(notice({ name, code: code || 'C', samples: samples.map((each) => each || '-'), streams }), links),
          );
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);
});

describe('a chat that does not take a message', () => {
  const message = messageOf(notice(), links);
  const post = () => all[0]!.post(message);

  test.each([500, 502, 503, 429])('%d is tried again', async (status) => {
    receiver.replies.push({ status }, { status });
    await post();
    expect(receiver.received).toHaveLength(3);
    expect(pauses).toHaveLength(2);
  });

  test('is left alone for as long as it asks, where that is short', async () => {
    receiver.replies.push({ status: 429, headers: { 'retry-after': '1' } });
    await post();
    expect(pauses).toEqual([1_000]);
    expect(receiver.received).toHaveLength(2);
  });

  test.each([
    ['a long Retry-After', 0, { status: 429, headers: { 'retry-after': '120' } }],
    ['a long retry_after of Telegram', 2, { status: 429, body: '{"ok":false,"parameters":{"retry_after":60}}' }],
    [
      'a group that Telegram moved',
      2,
      { status: 400, body: '{"ok":false,"description":"Bad Request: group chat was upgraded to a supergroup chat"}' },
    ],
    ['a webhook that was revoked', 0, { status: 403, body: 'invalid_token' }],
    ['a webhook that is gone', 1, { status: 404 }],
  ])('%s is for a later call', async (_what, which, reply) => {
    receiver.replies.push(reply);
    await expect(all[which]!.post(message)).rejects.toMatchObject({ code: 'CHANNEL_UNAVAILABLE', class: 'transient' });
    expect(receiver.received).toHaveLength(1);
  });

  test('errors do not quote its URL, which is a secret', async () => {
    receiver.always = { status: 500 };
    await expect(post()).rejects.toMatchObject({ message: 'slack answered 500' });
  });

  test('a message that it finds fault with is given up', async () => {
    receiver.replies.push({ status: 400, body: 'invalid_blocks' });
    await expect(post()).rejects.toMatchObject({ name: 'ChannelRefusedError' });
  });
});
