import type { IncomingMessage, ServerResponse } from 'node:http';
import { http } from '@google-cloud/functions-framework';
import { type EventsConfig, readConfig } from '../config/index.ts';
import { TransientError, TributaryError, UserError } from '../errors/index.ts';
import { createLogger, type Logger } from '../log/index.ts';
import { startMetrics } from '../metrics/index.ts';
import { OidcVerifier, requireCaller, type TokenVerifier } from '../oidc/index.ts';
import { answerText, behindDoor, type Door, type ReadRequest, refuse } from './door.ts';
import { type DeliveredEvent, type ForeignEvent, type ReadOptions, readEvent } from './event.ts';
import { onListen } from './listen.ts';
import { type OutcomeRecorder, outcomeRecorder } from './outcome.ts';

/** Reacts to one event; what it throws makes the platform deliver the event again. */
export type EventHandler = (event: DeliveredEvent, log: Logger) => Promise<void>;

/** Too early to succeed. https://cloud.google.com/eventarc/docs/retry-events */
const TRY_LATER = 503;

/**
 * The largest event there is: a Pub/Sub message of 10 MB, in base64, and its attributes. https://cloud.google.com/pubsub/quotas#resource_limits
 */
export const MAX_EVENT_BYTES = 16 * 1024 * 1024;

/**
 * Registers a function that takes events with the functions framework.
 *
 * Answers 204 when the event was dealt with or is nobody's here, 4xx when what was sent is no such event or who sent it may not (to send it again is of no
 * use), 503 when the same event may succeed later, and 500 for anything else. It is registered as an HTTP function and reads events itself, because the
 * framework's `cloudEvent` answers whatever is thrown with 500 and a stack trace; a function registered in code may be started with any `--signature-type`.
 *
 * Unless it listens on the loopback only, each request needs an OIDC token of one of the callers of the configuration (`OIDC_AUDIENCE`, `OIDC_CALLERS`).
 *
 * @param connect makes the handler, once, as the process starts: a configuration that is incomplete ends the process with one clear message.
 */
export function serveEvents(name: string, connect: () => EventHandler | Promise<EventHandler>): void {
  const log = createLogger(name);
  const started = orExit(async () => {
    const { events, metrics } = readConfig('events', 'metrics');
    startMetrics(`function-${name}`, metrics);
    onListen(events.host, (next) =>
      behindDoor({ ...eventDoor(events, log), outcome: () => outcomeRecorder(name) }, next),
    );
    return { handler: await connect(), options: events };
  }, log);
  http(name, async (request, response) => {
    const { handler, options } = await started;
    await answer(request, response, handler, log, options, outcomeRecorder(name));
  });
}

/** Exported for the test of its answers. */
export function eventDoor({ oidc }: Pick<EventsConfig, 'oidc'>, log: Logger, verifier?: TokenVerifier): Door {
  const tokens = oidc && (verifier ?? new OidcVerifier(oidc));
  return {
    maxBytes: MAX_EVENT_BYTES,
    log,
    async admit(request) {
      // Probes have no token, and are told nothing.
      if (!oidc || !tokens || request.method !== 'POST') return;
      requireCaller(await tokens.verify(request.headers.authorization), oidc.callers, 'OIDC_CALLERS');
    },
  };
}

function codeOf(error: unknown): string {
  return error instanceof TributaryError ? error.code : 'INTERNAL';
}

/** Exported for the test of its answers. */
export async function answer(
  request: IncomingMessage & ReadRequest,
  response: ServerResponse,
  handler: EventHandler,
  log: Logger,
  options: ReadOptions,
  recordOutcome: OutcomeRecorder = async () => undefined,
): Promise<void> {
  if (request.method !== 'POST') {
    // Health probes; whoever sends events posts them.
    const isProbe = request.method === 'GET' || request.method === 'HEAD';
    if (!isProbe) response.setHeader('allow', 'POST, GET, HEAD');
    answerText(response, isProbe ? 200 : 405, isProbe ? 'ok' : 'POST an event');
    return;
  }
  let event: DeliveredEvent | ForeignEvent;
  try {
    event = readEvent(request.headers, request.rawBody ?? Buffer.alloc(0), options);
  } catch (error) {
    log.warn({ err: error }, 'an event was refused');
    await recordOutcome('refused', codeOf(error));
    refuse(request, response, error);
    return;
  }
  if (event.kind === 'foreign') {
    log.info({ event: event.type, why: event.why }, 'an event was acknowledged that is not for this function');
    await recordOutcome('ok');
    response.writeHead(204).end();
    return;
  }
  const traced = log.child(fieldsOf(event));
  try {
    await handler(event, traced);
  } catch (error) {
    const isTransient =
      error instanceof TransientError || (error instanceof TributaryError && error.class === 'transient');
    traced[isTransient ? 'warn' : 'error']({ err: error }, 'the event will be delivered again');
    await recordOutcome(isTransient ? 'again' : 'failed', codeOf(error));
    answerText(
      response,
      isTransient ? TRY_LATER : 500,
      isTransient ? error.code : 'The event could not be dealt with; see the log.',
    );
    return;
  }
  await recordOutcome('ok');
  response.writeHead(204).end();
}

function fieldsOf(event: DeliveredEvent): Record<string, unknown> {
  if (event.kind === 'object') return { object: event.object.name, traceparent: event.traceparent };
  const { type, event_id, run_id, traceparent } = event.event;
  return { event: type, event_id, run_id, traceparent };
}

/** Runs what a process needs to start; where the configuration is wrong, ends the process with its one clear message. */
export async function orExit<T>(start: () => T | Promise<T>, log: Logger): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    log.fatal({ err: error }, 'the function cannot start');
    process.exit(1);
  }
}
