import { Agent, request } from 'node:http';
import type { PostedEvent } from './cloud-events.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A function's longest time for an event. https://cloud.google.com/functions/quotas#time_limits ("event-driven functions: 9 minutes") */
const TIMEOUT_MS = 9 * 60_000;

/** What is kept of an answer, for the log. */
const MAX_ANSWER_LENGTH = 500;

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Posts an event. Rejects when there is no answer: nobody listens, the connection broke, or the time is up. */
export function post(url: string, event: PostedEvent, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = Buffer.from(event.body);
    const headers = { ...event.headers, 'content-length': body.length };
    const outgoing = request(url, { method: 'POST', agent, headers, signal, timeout: TIMEOUT_MS }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        if (text.length < MAX_ANSWER_LENGTH) text += chunk;
      });
      incoming.on('end', () => resolve({ status: incoming.statusCode!, text: text.slice(0, MAX_ANSWER_LENGTH) }));
      incoming.on('error', reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS / 60_000} minutes`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
