import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Outcome, OutcomeRecorder } from '@tributary/platform/cloud-function';
import type { Logger } from '@tributary/platform/log';
import type { Caller } from '@tributary/platform/oidc';
import type { QueryJobs } from '@tributary/platform/warehouse';
import { mayAsk, type Roles, requireRole } from './access.ts';
import { answerQuery, type QueryAnswer } from './answer-query.ts';
import type { Declaration } from './declaration.ts';
import { apiError, refusalOf } from './errors.ts';
import { expectation } from './parameters.ts';
import { type ApiRequest, type Format, readApiRequest } from './request.ts';

export interface ApiPorts {
  readonly declarations: ReadonlyMap<string, Declaration>;
  readonly roles: Roles;
  readonly jobs: QueryJobs;
  readonly admit: () => Promise<void>;
  readonly log: Logger;
  readonly now?: () => number;
  readonly unique?: () => string;
  /** Measures the answer. */
  readonly outcome?: () => OutcomeRecorder;
}

/** Answers one request, whose body was read and whose caller is known; undefined is the loopback. Never throws. */
export async function answerApi(
  request: IncomingMessage & { rawBody?: Buffer },
  response: ServerResponse,
  caller: Caller | undefined,
  ports: ApiPorts,
): Promise<void> {
  const recordOutcome = ports.outcome?.();
  try {
    const asked = readApiRequest({
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      accept: request.headers.accept,
      contentType: request.headers['content-type'],
      body: request.rawBody ?? Buffer.alloc(0),
    });
    await answer(asked, response, caller, ports);
    await recordOutcome?.('ok');
  } catch (error) {
    const { status, code } = refusalOf(error);
    await recordOutcome?.(outcomeOf(status), code);
    refuseApi(response, error, ports.log);
  }
}

function outcomeOf(status: number): Outcome {
  if (status === 429 || status === 503) return 'again';
  return status >= 500 ? 'failed' : 'refused';
}

async function answer(
  asked: ApiRequest,
  response: ServerResponse,
  caller: Caller | undefined,
  ports: ApiPorts,
): Promise<void> {
  const { declarations, roles, log } = ports;
  if (asked.kind === 'probe') {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('ok');
    return;
  }
  if (asked.kind === 'list') {
    const queries = [...declarations.values()].filter((each) => mayAsk(caller, each, roles)).map(described);
    sendJson(response, 200, { queries });
    return;
  }
  const declaration = declarations.get(asked.name);
  // To whoever may not ask it, it is said so: names are no secret, they are in the repository.
  if (!declaration) throw apiError('QUERY_NOT_DECLARED', `There is no such query; GET /queries lists what there is.`);
  requireRole(caller, declaration, roles);
  const { jobs, admit, now = Date.now, unique = randomUUID } = ports;
  const found = await answerQuery(declaration, asked, { jobs, admit, now, unique }, log);
  send(response, declaration, found, asked.format);
}

function send(response: ServerResponse, { name, version }: Declaration, found: QueryAnswer, format: Format): void {
  const { jobId, cached, fields, rows, totalRows, nextPageToken } = found;
  response.setHeader('x-job-id', jobId);
  response.setHeader('x-total-rows', String(totalRows));
  response.setHeader('x-cache', cached ? 'hit' : 'miss');
  if (nextPageToken !== null) response.setHeader('x-next-page-token', nextPageToken);
  if (format === 'ndjson') {
    response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' });
    response.end(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return;
  }
  const schema = fields.map(({ name: field, type, mode }) => ({ name: field, type, mode: mode ?? 'NULLABLE' }));
  sendJson(response, 200, {
    ...{ query: name, version, job_id: jobId, cached, total_rows: totalRows, schema, rows },
    next_page_token: nextPageToken,
  });
}

function described({ name, description, version, role, parameters, pageSize, cacheSeconds }: Declaration): object {
  const told = Object.entries(parameters).map(([parameter, declared]) => ({
    name: parameter,
    type: declared.type,
    array: declared.array,
    required: declared.required && declared.default === undefined,
    ...(declared.default === undefined ? {} : { default: declared.default }),
    description: `${declared.description}; ${expectation(declared)}`,
  }));
  return { name, description, version, role, parameters: told, page_size: pageSize, cache_seconds: cacheSeconds };
}

/** Answers with an error: `{"error": {"code", "message"}}`. */
export function refuseApi(response: ServerResponse, error: unknown, log: Logger): void {
  const { status, code, message, retryAfter } = refusalOf(error);
  if (status >= 500) log.error({ err: error, status }, 'a query could not be answered');
  else log.info({ code, status }, 'a request was refused');
  if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter));
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  if (status === 405) response.setHeader('allow', 'GET, HEAD, POST');
  sendJson(response, status, { error: { code, message } });
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(`${JSON.stringify(body)}\n`);
}
