import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type OutcomeRecorder, outcomeOf } from '@tributary/platform/cloud-function';
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

/** An answer that is ready to be written. */
interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Of an error. */
  readonly code?: string;
}

/** Answers one request, whose body was read and whose caller is known; undefined is the loopback. */
export async function answerApi(
  request: IncomingMessage & { rawBody?: Buffer },
  response: ServerResponse,
  caller: Caller | undefined,
  ports: ApiPorts,
): Promise<void> {
  const record = ports.outcome?.();
  const reply = await replyTo(request, caller, ports);
  await record?.(outcomeOf(reply.status), reply.code);
  write(response, reply);
}

async function replyTo(
  request: IncomingMessage & { rawBody?: Buffer },
  caller: Caller | undefined,
  ports: ApiPorts,
): Promise<Reply> {
  try {
    const asked = readApiRequest({
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      accept: request.headers.accept,
      contentType: request.headers['content-type'],
      body: request.rawBody ?? Buffer.alloc(0),
    });
    return await answer(asked, caller, ports);
  } catch (error) {
    return refusal(error, ports.log);
  }
}

async function answer(asked: ApiRequest, caller: Caller | undefined, ports: ApiPorts): Promise<Reply> {
  const { declarations, roles, log } = ports;
  if (asked.kind === 'probe')
    return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'ok' };
  if (asked.kind === 'list') {
    return json(200, {
      queries: [...declarations.values()].filter((each) => mayAsk(caller, each, roles)).map(described),
    });
  }
  const declaration = declarations.get(asked.name);
  // To whoever may not ask it, it is said so: names are no secret, they are in the repository.
  if (!declaration) throw apiError('QUERY_NOT_DECLARED', `There is no such query; GET /queries lists what there is.`);
  requireRole(caller, declaration, roles);
  const { jobs, admit, now = Date.now, unique = randomUUID } = ports;
  const found = await answerQuery(declaration, asked, { jobs, admit, now, unique }, log);
  return rowsReply(declaration, found, asked.format);
}

function rowsReply({ name, version }: Declaration, found: QueryAnswer, format: Format): Reply {
  const { jobId, cached, fields, rows, totalRows, nextPageToken } = found;
  const headers = {
    ...{ 'x-job-id': jobId, 'x-total-rows': String(totalRows), 'x-cache': cached ? 'hit' : 'miss' },
    ...(nextPageToken === null ? {} : { 'x-next-page-token': nextPageToken }),
  };
  if (format === 'ndjson') {
    const body = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    return { status: 200, headers: { ...headers, 'content-type': 'application/x-ndjson; charset=utf-8' }, body };
  }
  const schema = fields.map(({ name: field, type, mode }) => ({ name: field, type, mode: mode ?? 'NULLABLE' }));
  const told = { query: name, version, job_id: jobId, cached, total_rows: totalRows, schema, rows };
  return json(200, { ...told, next_page_token: nextPageToken }, headers);
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
  write(response, refusal(error, log));
}

function refusal(error: unknown, log: Logger): Reply {
  const { status, code, message, retryAfter } = refusalOf(error);
  if (status >= 500) log.error({ err: error, status }, 'a query could not be answered');
  else log.info({ code, status }, 'a request was refused');
  const headers: Record<string, string> = {
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(status === 405 ? { allow: 'GET, HEAD, POST' } : {}),
  };
  return { ...json(status, { error: { code, message } }, headers), code };
}

function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Reply {
  const type = { 'content-type': 'application/json; charset=utf-8' };
  return { status, headers: { ...headers, ...type }, body: `${JSON.stringify(body)}\n` };
}

function write(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, headers).end(body);
}
