import { z } from 'zod';
import type { Message } from '../message.ts';
import { type Answer, type Channel, isRefusal, postJson, type Web } from './channel.ts';
import { clipped, escaped, fitting } from './text.ts';

/** https://core.telegram.org/bots/api#sendmessage: “1-4096 characters after entities parsing” */
export const MAX_TEXT = 4_096;

export interface TelegramSettings {
  /** https://api.telegram.org, or a Bot API server of one's own. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly chatId: string;
}

/** A chat of a Telegram bot. https://core.telegram.org/bots/api#sendmessage */
export function telegram({ apiUrl, botToken, chatId }: TelegramSettings, web: Web): Channel {
  const url = `${apiUrl}/bot${botToken}/sendMessage`;
  const post = (message: Message) =>
    postJson(web, 'telegram', url, telegramBody(message, chatId), { afterOf: retryAfter, refuses });
  return { name: 'telegram', post };
}

/** In HTML, of which three characters have to be escaped. https://core.telegram.org/bots/api#html-style */
export function telegramBody({ title, paragraphs, code, links }: Message, chatId: string): object {
  const head = clipped(title, 500);
  const samples = code.map((sample) => clipped(sample, 300));
  const labels = links.map(({ label }) => label).join(' · ');
  const taken = [head, ...samples, labels].reduce((sum, part) => sum + part.length + 1, 0);
  const lines = fitting(
    paragraphs.map((line) => clipped(line, 500)),
    MAX_TEXT - taken,
  );
  const text = [
    `<b>${escaped(head)}</b>`,
    ...lines.map(escaped),
    ...samples.map((sample) => `<pre>${escaped(sample)}</pre>`),
    ...(links.length > 0
      ? [links.map(({ label, url }) => `<a href="${escaped(url).replaceAll('"', '&quot;')}">${label}</a>`).join(' · ')]
      : []),
  ].join('\n');
  return { chat_id: chatId, text, parse_mode: 'HTML', link_preview_options: { is_disabled: true } };
}

const floodSchema = z.object({ parameters: z.object({ retry_after: z.number() }) });

/** Seconds, in the answer's body. https://core.telegram.org/bots/api#responseparameters */
function retryAfter({ text }: Answer): number | undefined {
  try {
    return floodSchema.parse(JSON.parse(text)).parameters.retry_after * 1_000;
  } catch {
    return undefined;
  }
}

/** What Telegram also says with 400 where not the message is at fault but the chat: unknown, or a group that became a supergroup. Its new id mends that. */
const OF_THE_CHAT = /chat not found|group chat was upgraded|bot was (kicked|blocked)|not enough rights/i;

function refuses(answer: Answer): boolean {
  return isRefusal(answer) && !OF_THE_CHAT.test(answer.text);
}
