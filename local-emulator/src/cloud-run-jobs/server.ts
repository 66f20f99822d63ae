import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';
import { executionResource, operationResource } from './execution.ts';
import type { JobDefinition, Runner } from './runner.ts';
import type { ExecutionStore } from './store.ts';

/** What of a run request is understood; the rest of the API's fields is refused rather than ignored. https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/run */
const runRequestSchema = z
  .strictObject({
    // The client repeats the path's name in the body.
    name: z.string(),
    etag: z.string(),
    overrides: z
      .strictObject({
        containerOverrides: z
          .array(
            z
              .strictObject({
                name: z.string(),
                args: z.array(z.string()),
                env: z.array(z.looseObject({ name: z.string().min(1), value: z.string().default('') })),
              })
              .partial(),
          )
          .max(1, 'a job here has one container'),
        taskCount: z.union([z.literal(0), z.literal(1)], { error: 'a job here has one task' }),
        timeout: z.string().regex(/^\d+(\.\d+)?s$/, 'expected seconds, such as "600s"'),
      })
      .partial(),
  })
  .partial();

interface JobParams {
  readonly project: string;
  readonly location: string;
  readonly job: string;
}

const DEFAULT_PAGE_SIZE = 100;

/**
 * The part of the Cloud Run Admin API v2 that starting and watching jobs needs, as HTTP and JSON: jobs.run, executions get, list and cancel, and
 * operations.get. Of v1, services.get, which is how Firebase's hosting emulator finds the service behind a rewrite.
 *
 * @param services where each service listens, by name
 */
export function createServer(
  jobs: Readonly<Record<string, JobDefinition>>,
  store: ExecutionStore,
  runner: Runner,
  services: Readonly<Record<string, string>>,
): FastifyInstance {
  const server = fastify({ logger: false, forceCloseConnections: true });
  const resource = (id: string) => executionResource(store.get(id)!, store.logFile(id));
  const base = '/v2/projects/:project/locations/:location';

  server.get('/healthz', () => ({ status: 'ok', running: store.open().length }));

  server.post<{ Params: JobParams }>(`${base}/jobs/:job`, (request, reply) => {
    const job = withoutVerb(request.params.job, 'run');
    if (job === undefined) return refuse(reply, 404, `no such method: ${request.url}`);
    if (!jobs[job]) return refuse(reply, 404, `no such job: ${job}; there are ${Object.keys(jobs).join(', ')}`);
    const parsed = runRequestSchema.safeParse(request.body ?? {});
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      return refuse(reply, 400, `${issue.path.join('.') || 'the body'}: ${issue.message}`);
    }
    const { containerOverrides = [], timeout } = parsed.data.overrides ?? {};
    const { args = [], env = [] } = containerOverrides[0] ?? {};
    const record = runner.run(jobName(request.params, job), jobs[job], {
      args,
      env: Object.fromEntries(env.map(({ name, value }) => [name, value])),
      ...(timeout ? { timeoutSeconds: Number.parseFloat(timeout) } : {}),
    });
    return operationResource(record, store.logFile(record.id));
  });

  server.get<{ Params: JobParams; Querystring: { pageSize?: string; pageToken?: string } }>(
    `${base}/jobs/:job/executions`,
    (request, reply) => {
      const { job } = request.params;
      if (!jobs[job]) return refuse(reply, 404, `no such job: ${job}`);
      const all = store.ofJob(jobName(request.params, job));
      const from = Number(request.query.pageToken || 0);
      const to = from + (Number(request.query.pageSize) || DEFAULT_PAGE_SIZE);
      return {
        executions: all.slice(from, to).map(({ id }) => resource(id)),
        ...(to < all.length ? { nextPageToken: String(to) } : {}),
      };
    },
  );

  server.get<{ Params: JobParams & { execution: string } }>(
    `${base}/jobs/:job/executions/:execution`,
    (request, reply) => {
      const { job, execution } = request.params;
      const record = store.get(execution);
      if (record?.job !== jobName(request.params, job)) return refuse(reply, 404, `no such execution: ${execution}`);
      return resource(execution);
    },
  );

  server.post<{ Params: JobParams & { execution: string } }>(
    `${base}/jobs/:job/executions/:execution`,
    (request, reply) => {
      const execution = withoutVerb(request.params.execution, 'cancel');
      const record = execution === undefined ? undefined : store.get(execution);
      if (record?.job !== jobName(request.params, request.params.job)) {
        return refuse(reply, 404, `no such execution: ${request.params.execution}`);
      }
      runner.cancel(record.id);
      return operationResource(record, store.logFile(record.id));
    },
  );

  server.get<{ Params: JobParams & { operation: string } }>(`${base}/operations/:operation`, (request, reply) => {
    const record = store.get(request.params.operation);
    if (!record) return refuse(reply, 404, `no such operation: ${request.params.operation}`);
    return operationResource(record, store.logFile(record.id));
  });

  // https://cloud.google.com/run/docs/reference/rest/v1/projects.locations.services/get
  server.get<{ Params: { project: string; service: string } }>(
    '/v1/projects/:project/locations/:location/services/:service',
    (request, reply) => {
      const { project, service } = request.params;
      if (!Object.hasOwn(services, service))
        return refuse(reply, 404, `no such service: ${service}; there are ${Object.keys(services).join(', ')}`);
      return {
        apiVersion: 'serving.knative.dev/v1',
        kind: 'Service',
        metadata: { name: service, namespace: project },
        status: { url: services[service] },
      };
    },
  );

  server.setNotFoundHandler((request, reply) =>
    refuse(reply, 404, `not part of this stand-in: ${request.method} ${request.url}`),
  );
  server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
    refuse(reply, error.statusCode ?? 500, error.message),
  );
  return server;
}

function jobName({ project, location }: JobParams, job: string): string {
  return `projects/${project}/locations/${location}/jobs/${job}`;
}

/** `name` of `name:verb`; Google's custom methods follow a colon in the last segment. */
function withoutVerb(segment: string, verb: string): string | undefined {
  return segment.endsWith(`:${verb}`) ? segment.slice(0, -verb.length - 1) : undefined;
}

/** https://cloud.google.com/apis/design/errors#handling_errors */
const STATUS: Readonly<Record<number, string>> = { 400: 'INVALID_ARGUMENT', 404: 'NOT_FOUND' };

function refuse(reply: FastifyReply, code: number, message: string): FastifyReply {
  return reply.code(code).send({ error: { code, message, status: STATUS[code] ?? 'INTERNAL' } });
}
