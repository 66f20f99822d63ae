/** `text`, at most `limit` characters, with a sign that something is missing. Characters are UTF-16 units, as chats count them. */
export function clipped(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = text.slice(0, limit - 1);
  // Half of a pair is no character.
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** The first of `lines` that fit into `limit` characters together, with a line that says how many do not. */
export function fitting(lines: readonly string[], limit: number): string[] {
  const kept: string[] = [];
  let length = 0;
  for (const [index, line] of lines.entries()) {
    const rest = `… and ${lines.length - index} more`;
    if (length + line.length + 1 > limit - (index === lines.length - 1 ? 0 : rest.length + 1)) return [...kept, rest];
    kept.push(line);
    length += line.length + 1;
  }
  return kept;
}

/** For Slack's mrkdwn, Telegram's HTML and Google Chat's cards alike. https://api.slack.com/reference/surfaces/formatting#escaping */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
