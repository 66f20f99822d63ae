import { timingSafeEqual } from 'node:crypto';
import { TributaryError } from '@tributary/platform/errors';
import type { Logger } from '@tributary/platform/log';
import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Arrivals } from './arrivals.ts';
import { readNotification } from './minio-notification.ts';

export interface ServerOptions {
  /** What MinIO proves itself with. */
  readonly token: string;
  readonly arrivals: Arrivals;
  readonly isReady: () => boolean;
  readonly stats: () => Promise<object>;
  readonly log: Logger;
}

/** `POST /minio-events` for MinIO's bucket webhooks, `GET /healthz`, `GET /stats`. */
export function createServer({ token, arrivals, isReady, stats, log }: ServerOptions): FastifyInstance {
  const server = fastify({ logger: false, forceCloseConnections: true });
  // MinIO's probes have no body or no type.
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? {} : JSON.parse(String(body)));
    } catch (error) {
      done(error as Error);
    }
  });
  server.removeContentTypeParser('application/json');

  server.post('/minio-events', async (request, reply) => {
    if (!isSame(request.headers.authorization ?? '', `Bearer ${token}`)) {
      return reply
        .code(401)
        .send({ error: 'wrong or missing token: MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_* must be "Bearer <WEBHOOK_TOKEN>"' });
    }
    await arrivals.store(readNotification(request.body));
    return { status: 'stored' };
  });

  server.get('/healthz', (_request, reply) => {
    const ready = isReady();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'starting' });
  });

  server.get('/stats', async () => ({ functions: await stats() }));

  server.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof z.ZodError || error instanceof SyntaxError) {
      log.error({ err: error }, 'a notification could not be read');
      return reply.code(400).send({ error: 'not a notification of MinIO' });
    }
    const isTransient = error instanceof TributaryError && error.class === 'transient';
    if (!error.statusCode || error.statusCode >= 500) log.warn({ err: error, url: request.url }, 'request failed');
    return reply.code(isTransient ? 503 : (error.statusCode ?? 500)).send({ error: error.message });
  });
  return server;
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
