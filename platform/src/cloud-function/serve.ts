import { http, type Request, type Response } from '@google-cloud/functions-framework';
import { TransientError, UserError } from '../errors/index.ts';
import { createLogger, type Logger } from '../log/index.ts';
import { bindHost } from './bind-host.ts';
import { type DeliveredEvent, readEvent } from './event.ts';

/** Reacts to one event; what it throws makes the platform deliver the event again. */
export type EventHandler = (event: DeliveredEvent, log: Logger) => Promise<void>;

/** Too early to succeed: https://cloud.google.com/eventarc/docs/retry-events retries all of 5xx. */
const TRY_LATER = 503;

/**
 * Registers a function that takes CloudEvents with the functions framework.
 *
 * Answers 204 when the event was dealt with, 400 when what was sent is no such event (to send it again is of no use), 503 when the same event
 * may succeed later, and 500 for anything else. It is registered as an HTTP function and reads CloudEvents by their own SDK, because the framework's
 * `cloudEvent` answers whatever is thrown with 500 and a stack trace; a function registered in code may be started with any `--signature-type`.
 *
 * @param connect makes the handler, once, as the process starts: a configuration that is incomplete ends the process with one clear message.
 */
export function serveEvents(name: string, connect: () => EventHandler | Promise<EventHandler>): void {
  const log = createLogger(name);
  bindHost(process.env.HOST);
  const handler = orExit(connect, log);
  http(name, async (request, response) => answer(request, response, await handler, log));
}

/** Exported for the test of its answers. */
export async function answer(request: Request, response: Response, handler: EventHandler, log: Logger): Promise<void> {
  if (request.method !== 'POST') {
    // Health probes; whoever sends events posts them.
    const isProbe = request.method === 'GET' || request.method === 'HEAD';
    response
      .status(isProbe ? 200 : 405)
      .type('text/plain')
      .send(isProbe ? 'ok' : 'POST a CloudEvent');
    return;
  }
  let event: DeliveredEvent;
  try {
    event = readEvent(request.headers, request.rawBody ?? Buffer.alloc(0));
  } catch (error) {
    log.warn({ err: error }, 'an event was refused');
    const message = error instanceof UserError ? error.message : 'The event cannot be read.';
    response.status(400).type('text/plain').send(message);
    return;
  }
  const traced = log.child(fieldsOf(event));
  try {
    await handler(event, traced);
    response.status(204).end();
  } catch (error) {
    const isTransient = error instanceof TransientError;
    traced[isTransient ? 'warn' : 'error']({ err: error }, 'the event will be delivered again');
    response
      .status(isTransient ? TRY_LATER : 500)
      .type('text/plain')
      .send(isTransient ? error.code : 'The event could not be dealt with; see the log.');
  }
}

function fieldsOf(event: DeliveredEvent): Record<string, unknown> {
  if (event.kind === 'object') return { object: event.object.name, traceparent: event.traceparent };
  const { type, event_id, run_id, traceparent } = event.event;
  return { event: type, event_id, run_id, traceparent };
}

async function orExit(connect: () => EventHandler | Promise<EventHandler>, log: Logger): Promise<EventHandler> {
  try {
    return await connect();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    log.fatal({ err: error }, 'the function cannot start');
    process.exit(1);
  }
}
