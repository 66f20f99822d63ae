import { createHash, timingSafeEqual } from 'node:crypto';
import { TributaryError, UserError } from '@tributary/platform/errors';
import type { Logger } from '@tributary/platform/log';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Pace, parseRate, parseSpeed } from './pace.ts';
import type { Runs } from './runs.ts';
import { SOURCE_FORMATS, type SourceFormat } from './sources/index.ts';

const paceText = z.union([z.string(), z.number().positive().transform(String)]);

const runRequest = z
  .strictObject({
    input: z.string().min(1),
    format: z.enum(SOURCE_FORMATS as [SourceFormat, ...SourceFormat[]]),
    rate: paceText.optional(),
    speed: paceText.optional(),
  })
  .refine(({ rate, speed }) => rate === undefined || speed === undefined, { error: 'give rate or speed, not both' });

/** A fingerprint. */
const RUN_ID = /^[0-9a-f]{64}$/;

const STATUS_OF_CLASS = { user: 400, transient: 503, bug: 500 } as const;
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  RUN_NOT_FOUND: 404,
  INPUT_NOT_FOUND: 404,
  TOO_MANY_RUNS: 429,
};

export interface ServerOptions {
  readonly runs: Runs;
  readonly log: Logger;
  /** What callers must send as `x-api-key`. (`authorization` is Cloud Run's own, for OIDC.) Without one, everybody who reaches the port may seed. */
  readonly apiKey?: string | undefined;
}

/**
 * The seeder over HTTP: `POST /runs` → 202 `{id, state, …}`, `GET /runs/{id}` → 200, `GET /healthz` → 200. Errors are `{code, message}`.
 */
export function createServer({ runs, log, apiKey }: ServerOptions): FastifyInstance {
  const server = Fastify({ logger: false });

  server.addHook('onRequest', async (request) => {
    if (apiKey === undefined || request.routeOptions.url === '/healthz') return;
    if (!sameSecret(request.headers['x-api-key'], apiKey)) {
      throw new UserError('UNAUTHENTICATED', "Send the service's key as the header x-api-key.");
    }
  });

  server.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    log.info(
      { method, route: routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    );
  });

  server.setErrorHandler(async (error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof TributaryError) {
      const status = STATUS_OF_CODE[error.code] ?? STATUS_OF_CLASS[error.class];
      if (status === 500) log.error({ err: error }, 'request failed');
      return reply.status(status).send({ code: error.code, message: error.message });
    }
    // Fastify's own: a body that is no JSON, is too large, or has another type.
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return reply.status(error.statusCode).send({ code: 'BAD_REQUEST', message: error.message });
    }
    log.error({ err: error }, 'request failed');
    return reply.status(500).send({ code: 'INTERNAL', message: 'The service met a bug; its log has it.' });
  });

  server.setNotFoundHandler(async (_request, reply) =>
    reply.status(404).send({ code: 'NOT_FOUND', message: 'There are POST /runs, GET /runs/{id} and GET /healthz.' }),
  );

  server.get('/healthz', async () => ({ status: 'ok' }));

  server.post('/runs', async (request, reply) => {
    const parsed = runRequest.safeParse(request.body);
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!;
      throw new UserError('BAD_REQUEST', `${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`);
    }
    const { input, format, rate, speed } = parsed.data;
    const run = await runs.start({ input, format, pace: paceOf(rate, speed) });
    return reply.status(202).header('location', `/runs/${run.id}`).send(run);
  });

  server.get<{ Params: { id: string } }>('/runs/:id', async (request) => {
    const { id } = request.params;
    const run = RUN_ID.test(id) ? await runs.find(id) : null;
    if (!run) throw new UserError('RUN_NOT_FOUND', 'There is no run of that id; POST /runs gives one.');
    return run;
  });

  return server;
}

function paceOf(rate: string | undefined, speed: string | undefined): Pace {
  if (rate !== undefined) return parseRate(rate);
  return speed === undefined ? { kind: 'unlimited' } : parseSpeed(speed);
}

/** In constant time, also where the lengths differ. */
function sameSecret(given: string | string[] | undefined, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(secret));
}
