import type { NotifyConfig } from '@tributary/platform/config';
import { type Channel, WEB, type Web } from './channel.ts';
import { googleChat } from './google-chat.ts';
import { slack } from './slack.ts';
import { telegram } from './telegram.ts';

export { type Channel, ChannelRefusedError } from './channel.ts';

/** The channels that are configured; none is fine, for failures are in the log and in `ops.events` anyway. */
export function channels(config: NotifyConfig, web: Web = WEB): Channel[] {
  const { slackWebhookUrl, googleChatWebhookUrl, telegramBotToken, telegramChatId, telegramApiUrl } = config;
  return [
    ...(slackWebhookUrl ? [slack(slackWebhookUrl, web)] : []),
    ...(googleChatWebhookUrl ? [googleChat(googleChatWebhookUrl, web)] : []),
    ...(telegramBotToken && telegramChatId
      ? [telegram({ apiUrl: telegramApiUrl, botToken: telegramBotToken, chatId: telegramChatId }, web)]
      : []),
  ];
}
