import type { NotifyConfig } from '@tributary/platform/config';
import pRetry from 'p-retry';

/** Somewhere that people read. */
export interface Channel {
  readonly name: string;
  post(text: string): Promise<void>;
}

/** A chat that does not answer must not hold up the record of events. */
const TIMEOUT_MS = 5_000;
const RETRIES = { retries: 2, minTimeout: 500, factor: 2 };

/** The channels that are configured; none is fine, for failures are in the log and in `ops.events` anyway. */
export function channels(config: NotifyConfig, send: typeof fetch = fetch): Channel[] {
  const { slackWebhookUrl, googleChatWebhookUrl, telegramBotToken, telegramChatId } = config;
  const all: Channel[] = [];
  const add = (name: string, url: string, body: (text: string) => object) =>
    all.push({ name, post: (text) => postJson(send, name, url, body(text)) });
  // https://api.slack.com/messaging/webhooks
  if (slackWebhookUrl) add('slack', slackWebhookUrl, (text) => ({ text }));
  // https://developers.google.com/workspace/chat/quickstart/webhooks
  if (googleChatWebhookUrl) add('google-chat', googleChatWebhookUrl, (text) => ({ text }));
  // https://core.telegram.org/bots/api#sendmessage
  if (telegramBotToken && telegramChatId) {
    const url = `https://api.telegram.org/bot${telegramBotToken}/sendMessage`;
    add('telegram', url, (text) => ({ chat_id: telegramChatId, text, disable_web_page_preview: true }));
  }
  return all;
}

/** The URLs are secrets, so errors name the channel only. */
async function postJson(send: typeof fetch, name: string, url: string, body: object): Promise<void> {
  await pRetry(async () => {
    let status: number;
    try {
      const response = await send(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=UTF-8' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      status = response.status;
      await response.body?.cancel();
    } catch {
      throw new Error(`${name} did not answer`);
    }
    if (status >= 300) throw new Error(`${name} answered ${status}`);
  }, RETRIES);
}
