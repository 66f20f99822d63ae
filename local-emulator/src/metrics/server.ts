import { UserError } from '@tributary/platform/errors';
import fastify, { type FastifyInstance } from 'fastify';
import { readOtlp } from './otlp.ts';
import { Series } from './series.ts';

/** https://prometheus.io/docs/instrumenting/exposition_formats/#basic-info */
const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** `POST /v1/metrics` takes OTLP/HTTP in JSON, `GET /metrics` gives what all processes reported in Prometheus' text format. */
export function metricsServer(series: Series = new Series()): FastifyInstance {
  const server = fastify({ logger: false, forceCloseConnections: true });
  server.post('/v1/metrics', (request, reply) => {
    series.add(readOtlp(request.body));
    return reply.send({});
  });
  server.get('/metrics', (_request, reply) => reply.type(PROMETHEUS_TEXT).send(`${series.text()}\n`));
  server.get('/healthz', () => ({ status: 'ok' }));
  server.setErrorHandler((error, _request, reply) => {
    const status = error instanceof UserError ? 400 : ((error as { statusCode?: number }).statusCode ?? 500);
    return reply.code(status).send({ message: (error as Error).message });
  });
  return server;
}
