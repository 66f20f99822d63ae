import { createHash } from 'node:crypto';
import type { Message } from '../message.ts';
import { type Channel, postJson, type Web } from './channel.ts';
import { clipped, escaped, fitting } from './text.ts';

/** https://developers.google.com/workspace/chat/format-messages: a text message has at most so many characters */
export const MAX_TEXT = 4_096;
/** https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create: “The maximum message size, including the message contents, is 32,000 bytes” */
export const MAX_BYTES = 32_000;
/** Of the lines of a card, so that with their markup, three bytes to a character, they stay below that. */
const MAX_CARD = 7_000;

/** An incoming webhook of Google Chat. https://developers.google.com/workspace/chat/quickstart/webhooks */
export function googleChat(url: string, web: Web): Channel {
  const target = new URL(url);
  // One thread an incident: https://developers.google.com/workspace/chat/create-messages#reply-to-thread
  target.searchParams.set('messageReplyOption', 'REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD');
  return {
    name: 'google-chat',
    post: (message) => postJson(web, 'google-chat', target.href, googleChatBody(message)),
  };
}

/** A card, with the text that notifications show. https://developers.google.com/workspace/chat/api/reference/rest/v1/cards */
export function googleChatBody({ thread, title, paragraphs, code, links }: Message): object {
  const lines = fitting(
    paragraphs.map((line) => clipped(line, 300)),
    MAX_CARD - 1_000,
  );
  const paragraph = (text: string) => ({ textParagraph: { text } });
  const widgets = [
    paragraph(lines.map(escaped).join('<br>')),
    ...code.map((sample) => paragraph(`<font color="#5f6368">${escaped(clipped(sample, 300))}</font>`)),
    ...(links.length > 0
      ? [{ buttonList: { buttons: links.map(({ label, url }) => ({ text: label, onClick: { openLink: { url } } })) } }]
      : []),
  ];
  return {
    text: clipped(escaped(title), MAX_TEXT),
    thread: { threadKey: createHash('sha256').update(thread).digest('hex') },
    cardsV2: [{ cardId: 'incident', card: { header: { title: clipped(title, 200) }, sections: [{ widgets }] } }],
  };
}
