import { TributaryError, UserError } from '@tributary/platform/errors';
import type { Logger } from '@tributary/platform/log';
import { count, measure, set } from '@tributary/platform/metrics';
import Fastify, { type FastifyInstance } from 'fastify';
import { readBatch } from './batch.ts';
import type { BatchOutcome, BatchPublisher } from './publisher.ts';

/** The engine makes requests of 16 MiB; only a single larger event makes a larger one (engine/…/BridgeClient.java). */
export const BODY_LIMIT_BYTES = 64 * 1024 * 1024;
/** The engine sends a heartbeat each HEARTBEAT_MS (1 s): after so long without one it is gone or stuck. */
const STALE_AFTER_MS = 60_000;
const RETRY_AFTER_SECONDS = 1;

export interface BridgeServerPorts {
  readonly publisher: BatchPublisher;
  readonly log: Logger;
  readonly now?: () => number;
}

/**
 * `POST /batches` takes a JSON array of Debezium's change events and answers 200 with counts only after the bus has acknowledged all of it: the
 * engine then advances its position. 400: not such an array; 403: not from this machine; 503: the bus is away, post the same batch again; 500: a fault of ours or of the set-up.
 * `GET /healthz`: the process runs. `GET /readyz`: the engine has been heard of within a minute; 503 before that.
 */
export function createBridgeServer({ publisher, log, now = Date.now }: BridgeServerPorts): FastifyInstance {
  const server = Fastify({ bodyLimit: BODY_LIMIT_BYTES, logger: false, forceCloseConnections: 'idle' });
  const totals = { batches: 0, changes: 0, dead_letters: 0, ignored: 0 };
  let lastBatchAt: number | undefined;

  // The text is kept: dead letters hold what came, and large integers are read from it.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  server.post('/batches', async (request, reply) => {
    if (!isLoopback(request.socket.remoteAddress)) {
      return reply.code(403).send({ code: 'NOT_LOCAL', message: 'Batches are taken from the same instance only.' });
    }
    const begun = performance.now();
    const outcome = await publisher.publish(readBatch(typeof request.body === 'string' ? request.body : ''));
    lastBatchAt = now();
    recordBatch(outcome, (performance.now() - begun) / 1_000);
    totals.batches++;
    totals.changes += outcome.changes;
    totals.dead_letters += outcome.deadLetters;
    totals.ignored += outcome.ignored;
    return { changes: outcome.changes, dead_letters: outcome.deadLetters, ignored: outcome.ignored };
  });

  server.get('/healthz', () => ({ status: 'ok' }));

  server.get('/readyz', (_request, reply) => {
    const age = lastBatchAt === undefined ? null : now() - lastBatchAt;
    const ready = age !== null && age < STALE_AFTER_MS;
    reply.code(ready ? 200 : 503);
    return {
      status: ready ? 'ok' : 'waiting for the engine',
      last_batch_age_ms: age,
      totals,
      unknown_columns: publisher.unknownColumns,
    };
  });

  server.setErrorHandler((error, _request, reply) => {
    const { status, code, message } = describe(error);
    log[status === 503 ? 'warn' : 'error']({ err: error, status }, 'A batch was not taken');
    count('tributary.bridge.batches', 1, { outcome: 'failed', code });
    if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
    return reply.code(status).send({ code, message });
  });
  return server;
}

function recordBatch({ changes, deadLetters, ignored, newestChange }: BatchOutcome, seconds: number): void {
  count('tributary.bridge.batches', 1, { outcome: 'ok', code: '' });
  count('tributary.bridge.records', changes, { outcome: 'change' });
  count('tributary.bridge.records', deadLetters, { outcome: 'dead_letter' });
  count('tributary.bridge.records', ignored, { outcome: 'ignored' });
  measure('tributary.bridge.duration', seconds, {});
  if (newestChange !== undefined) set('tributary.bridge.newest_change', Date.parse(newestChange) / 1_000, {});
}

/** In a container the server listens on every interface, for Cloud Run's probes; clear personal data must come from beside it only. */
function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
}

/** Who has to act, as a status. A faulty set-up (a missing topic) is mended while the engine waits, so it is no refusal of the batch. */
function describe(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof UserError && error.code === 'BATCH_UNREADABLE')
    return { status: 400, code: error.code, message: error.message };
  if (error instanceof TributaryError) {
    return { status: error.class === 'transient' ? 503 : 500, code: error.code, message: error.message };
  }
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (statusCode === 413) {
    return {
      status: 413,
      code: 'BATCH_TOO_LARGE',
      message: `A request holds at most ${BODY_LIMIT_BYTES} bytes; a single change is larger. Shrink the row.`,
    };
  }
  // Other messages may quote what they were given.
  return {
    status: statusCode ?? 500,
    code: code ?? 'INTERNAL',
    message: 'An error of the bridge; its log has the details.',
  };
}
