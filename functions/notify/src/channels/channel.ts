import { setTimeout as delay } from 'node:timers/promises';
import { TransientError } from '@tributary/platform/errors';
import type { Message } from '../message.ts';

/** Somewhere that people read. */
export interface Channel {
  /** a-z and -; also names what is kept for it in the lake. */
  readonly name: string;
  /**
   * @throws {TransientError} CHANNEL_UNAVAILABLE: it did not take the message and may later.
   * @throws {ChannelRefusedError} it will never take this message.
   */
  post(message: Message): Promise<void>;
}

/** The channel finds fault with the message itself. */
export class ChannelRefusedError extends Error {
  constructor(channel: string, status: number) {
    super(`${channel} refused a message with ${status}`);
    this.name = 'ChannelRefusedError';
  }
}

/** A chat that does not answer must not hold up the others for long. */
const TIMEOUT_MS = 5_000;

/** A wait that a chat asks for and that is longer is not waited for here: the sweep comes again. */
const LONGEST_WAIT_MS = 5_000;

const BRIEF = [300, 1_000];

/**
 * What is repeated at once: kind of answer → delays between attempts, in milliseconds. What is not here is not, though all but a refusal are tried again by the next
 * event or sweep: a webhook that was revoked (401, 403, 404, 410) may be replaced, and then nothing was lost.
 *
 * 429 with `Retry-After`: https://api.slack.com/docs/rate-limits#rate-limits__responding-to-rate-limiting-conditions
 */
const RETRY_DELAYS_MS: Readonly<Record<'none' | 'busy' | 'broken', readonly number[]>> = {
  none: BRIEF,
  busy: BRIEF,
  broken: BRIEF,
};

const REFUSALS = new Set([400, 413, 422]);

/** Whether the message itself is at fault: malformed, or too large. */
export function isRefusal({ status }: Answer): boolean {
  return REFUSALS.has(status);
}

/** How a channel reaches its chat. */
export interface Web {
  readonly send: typeof fetch;
  readonly pause: (milliseconds: number) => Promise<unknown>;
}

export const WEB: Web = { send: fetch, pause: delay };

/** Posts JSON to a webhook. Its URL is a secret, so errors name the channel only. */
export async function postJson(
  web: Web,
  name: string,
  url: string,
  body: object,
  { afterOf = retryAfterHeader, refuses = isRefusal }: Partial<Reading> = {},
): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await request(web, url, body);
    if (answer && answer.status >= 200 && answer.status < 300) return;
    if (answer && refuses(answer)) throw new ChannelRefusedError(name, answer.status);
    const kind = !answer ? 'none' : answer.status === 429 ? 'busy' : answer.status >= 500 ? 'broken' : undefined;
    const asked = answer && kind === 'busy' ? afterOf(answer) : undefined;
    const wait = kind && RETRY_DELAYS_MS[kind][attempt];
    if (wait === undefined || (asked !== undefined && asked > LONGEST_WAIT_MS)) {
      throw new TransientError(
        'CHANNEL_UNAVAILABLE',
        `${name} ${answer ? `answered ${answer.status}` : 'did not answer'}`,
      );
    }
    await web.pause(Math.max(wait, asked ?? 0));
  }
}

/** How a chat's answers are read, where it has its own way. */
export interface Reading {
  /** Milliseconds to wait, where it says so. */
  readonly afterOf: (answer: Answer) => number | undefined;
  readonly refuses: (answer: Answer) => boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function request({ send }: Web, url: string, body: object): Promise<Answer | undefined> {
  try {
    const response = await send(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=UTF-8' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch {
    // The error may quote the URL.
    return undefined;
  }
}

/** Seconds, as all three chats write it. */
function retryAfterHeader({ headers }: Answer): number | undefined {
  const seconds = Number(headers.get('retry-after'));
  return seconds > 0 ? seconds * 1_000 : undefined;
}
