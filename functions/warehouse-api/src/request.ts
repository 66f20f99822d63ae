import { z } from 'zod';
import { apiError } from './errors.ts';
import type { Given } from './parameters.ts';

export type Format = 'json' | 'ndjson';

/** What is asked for. */
export type ApiRequest =
  | { readonly kind: 'probe' }
  | { readonly kind: 'list' }
  | {
      readonly kind: 'query';
      readonly name: string;
      readonly params: Given;
      readonly format: Format;
      readonly pageSize: number | undefined;
      readonly pageToken: string | undefined;
    };

export interface HttpRequest {
  readonly method: string;
  /** Path and query string. */
  readonly url: string;
  readonly accept: string | undefined;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

const bodySchema = z.strictObject({
  params: z.record(z.string(), z.unknown()).default({}),
  format: z.string().optional(),
  page_size: z.number().optional(),
  page_token: z.string().optional(),
});

/**
 * `GET /queries`, `GET /queries/<name>?<parameter>=…`, `POST /queries/<name>` with `{params, format, page_size, page_token}`.
 *
 * @throws {UserError} of {@link ApiErrorCode}.
 */
export function readApiRequest({ method, url, accept, contentType, body }: HttpRequest): ApiRequest {
  const { pathname, searchParams } = new URL(url, 'http://api');
  const isRead = method === 'GET' || method === 'HEAD';
  if (pathname === '/' || pathname === '/healthz') return allowed(isRead, { kind: 'probe' });
  if (pathname === '/queries' || pathname === '/queries/') return allowed(isRead, { kind: 'list' });
  const name = /^\/queries\/([^/]+)\/?$/.exec(pathname)?.[1];
  if (name === undefined)
    throw apiError('QUERY_NOT_DECLARED', 'There is nothing at this path; GET /queries lists what there is.');
  allowed(isRead || method === 'POST', undefined);
  const given = isRead ? ofQuery(searchParams) : ofBody(body, contentType);
  const { format, page_size, page_token, params } = given;
  return {
    kind: 'query',
    name,
    params,
    format: formatOf(format, accept),
    pageSize: page_size === undefined ? undefined : pageSize(page_size),
    pageToken: page_token,
  };
}

function allowed<T>(isAllowed: boolean, request: T): T {
  if (!isAllowed) throw apiError('METHOD_NOT_ALLOWED', 'Use GET, or POST with a JSON body for a query.');
  return request;
}

interface GivenRequest {
  readonly params: Given;
  readonly format?: string | undefined;
  readonly page_size?: number | undefined;
  readonly page_token?: string | undefined;
}

function ofQuery(search: URLSearchParams): GivenRequest {
  const params: Record<string, unknown> = {};
  for (const name of new Set(search.keys())) {
    const values = search.getAll(name);
    params[name] = values.length > 1 ? values : values[0];
  }
  const one = (name: string): string | undefined => {
    const value = params[name];
    delete params[name];
    if (Array.isArray(value))
      throw apiError('PARAMETER_INVALID', `The parameter ${name} is wrong: it is there more than once.`);
    return value as string | undefined;
  };
  const [format, size, page_token] = [one('format'), one('page_size'), one('page_token')];
  return { params, format, page_size: size === undefined ? undefined : Number(size || Number.NaN), page_token };
}

function ofBody(body: Buffer, contentType: string | undefined): GivenRequest {
  if (body.length > 0 && !/^application\/json\s*(;|$)/i.test(contentType ?? 'application/json')) {
    throw apiError('PARAMETER_INVALID', 'The body is wrong: expected content-type application/json.');
  }
  let value: unknown;
  try {
    value = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
  } catch {
    throw apiError('PARAMETER_INVALID', 'The body is wrong: it is not JSON.');
  }
  const result = bodySchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw apiError(
    'PARAMETER_INVALID',
    `The body is wrong at ${issue.path.join('.') || '(the whole)'}: ${issue.message}; expected {params, format, page_size, page_token}.`,
  );
}

function pageSize(size: number): number {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw apiError('PARAMETER_INVALID', 'The parameter page_size is wrong: expected a whole number from 1.');
  }
  return size;
}

function formatOf(asked: string | undefined, accept: string | undefined): Format {
  if (asked !== undefined) {
    if (asked === 'json' || asked === 'ndjson') return asked;
    throw apiError('FORMAT_UNKNOWN', 'The format is json or ndjson.');
  }
  const types = (accept ?? '*/*').split(',').map((type) => type.split(';')[0]!.trim().toLowerCase());
  for (const type of types) {
    if (type === 'application/x-ndjson' || type === 'application/ndjson' || type === 'application/jsonl')
      return 'ndjson';
    if (type === 'application/json' || type === 'application/*' || type === '*/*' || type === '') return 'json';
  }
  // A browser that is sent here by a link wants to see it.
  if (types.includes('text/html')) return 'json';
  throw apiError('FORMAT_UNKNOWN', 'Accept application/json or application/x-ndjson.');
}
