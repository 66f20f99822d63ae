import type { Message } from '../message.ts';
import { type Channel, postJson, type Web } from './channel.ts';
import { clipped, escaped, fitting } from './text.ts';

/** https://docs.slack.dev/reference/block-kit/blocks: “up to 50 blocks in each message” */
export const MAX_BLOCKS = 50;
/** https://docs.slack.dev/reference/block-kit/blocks/header-block: maximum length of its text */
export const MAX_HEADER = 150;
/** https://docs.slack.dev/reference/block-kit/blocks/section-block: maximum length of its text */
export const MAX_SECTION = 3_000;
/** https://docs.slack.dev/changelog/2018-truncating-really-long-messages: longer ones are cut; 4,000 is advised */
export const MAX_TEXT = 4_000;

/** An incoming webhook of Slack. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export function slack(url: string, web: Web): Channel {
  return { name: 'slack', post: (message) => postJson(web, 'slack', url, slackBody(message)) };
}

/** Block Kit, with the text that notifications show. */
export function slackBody({ title, paragraphs, code, links }: Message): object {
  const lines = fitting(
    paragraphs.map((line) => clipped(escaped(line), 500)),
    MAX_SECTION * 10,
  );
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
  const blocks = [
    // Plain text knows no markup, so nothing is escaped.
    { type: 'header', text: { type: 'plain_text', text: clipped(title, MAX_HEADER), emoji: false } },
    ...inSections(lines).map(section),
    ...code.map((sample) =>
      section(`\`\`\`${clipped(escaped(sample).replaceAll('```', "'''"), MAX_SECTION - 6)}\`\`\``),
    ),
    ...(links.length > 0 ? [section(links.map(({ label, url }) => `<${linkTarget(url)}|${label}>`).join(' · '))] : []),
  ];
  const text = clipped([title, ...paragraphs].map(escaped).join('\n'), MAX_TEXT);
  return { text, blocks: blocks.slice(0, MAX_BLOCKS), unfurl_links: false };
}

/** Lines put together into as few sections as their limit allows. */
function inSections(lines: readonly string[]): string[] {
  const sections: string[] = [];
  for (const line of lines) {
    const last = sections.at(-1);
    if (last !== undefined && last.length + line.length + 1 <= MAX_SECTION)
      sections[sections.length - 1] = `${last}\n${line}`;
    else sections.push(line);
  }
  return sections;
}

/** `|` and `>` end a link. */
function linkTarget(url: string): string {
  return escaped(url.replaceAll('|', '%7C'));
}
