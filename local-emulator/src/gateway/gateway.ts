import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { isLoopbackOrigin, permission } from './cors.ts';
import { type Endpoint, endpointsOf } from './endpoints.ts';

/** Of an event of API Gateway's HTTP API, payload 2.0. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
export interface HttpApiEvent {
  readonly rawPath?: string;
  readonly rawQueryString?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: { readonly http: { readonly method: string } };
}

/** The answer to one, of the same format. */
export interface HttpApiAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** API Gateway's own limit, which serverless-offline keeps too. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const TIMEOUT_MS = 29_000;

/** What belongs to one connection, is said anew on the next, or was answered here already (origin). https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const NOT_PASSED_ON = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['host', 'content-length', 'origin', 'expect'],
]);

/**
 * Passes `/<endpoint>/<path>` on to an endpoint of a running instance, as `/<path>`, and lists the endpoints at `/`. The instance is looked up at each request, so
 * one that was restarted is found again.
 *
 * Pages of this machine may call it (CORS); other origins, and names that are not the loopback's, get 403 before anything is passed on: a page on the web must
 * not reach through the browser what listens on the loopback.
 *
 * @param state the instance's folder
 * @returns a handler that never throws: 404 `ENDPOINT_UNKNOWN`, 502 `ENDPOINT_DOWN`, 504 `ENDPOINT_SLOW`, 403 `ORIGIN_FORBIDDEN`, 503 `NOTHING_RUNNING`
 */
export function gateway(state: string): (event: HttpApiEvent) => Promise<HttpApiAnswer> {
  return async (event) => {
    const { origin, host } = event.headers ?? {};
    if ((origin !== undefined && !isLoopbackOrigin(origin)) || !isLoopbackOrigin(`http://${host}`))
      return refusal(403, 'ORIGIN_FORBIDDEN', 'Only pages and programs of this machine may call this.');
    const answer = event.requestContext.http.method === 'OPTIONS' ? preflight() : await answerTo(event, state);
    return { ...answer, headers: { ...answer.headers, ...permission(origin) } };
  };
}

async function answerTo(event: HttpApiEvent, state: string): Promise<HttpApiAnswer> {
  const endpoints = endpointsOf(state);
  if (!endpoints) return refusal(503, 'NOTHING_RUNNING', 'The instance does not run. "npm run up" starts it.');
  const [, name = '', rest = '/'] = /^\/([^/]*)(\/.*)?$/.exec(event.rawPath ?? '/') ?? [];
  if (name === '') return json(200, { endpoints: endpoints.map(described) });
  const endpoint = endpoints.find((each) => each.name === name);
  if (!endpoint)
    return refusal(
      404,
      'ENDPOINT_UNKNOWN',
      `There is no ${name}; there are ${endpoints.map((each) => each.name).join(', ')}.`,
    );
  try {
    return await passOn(event, new URL(endpoint.origin), rest);
  } catch (error) {
    if ((error as Error).name === 'TimeoutError')
      return refusal(504, 'ENDPOINT_SLOW', `${name} did not answer within ${TIMEOUT_MS / 1_000} s.`);
    return refusal(
      502,
      'ENDPOINT_DOWN',
      `${name} cannot be reached (${(error as NodeJS.ErrnoException).code}); "npm run logs -- ${name}" may say why.`,
    );
  }
}

/** The address is made of what the event says as it says it: nothing is decoded or put together anew. */
async function passOn(event: HttpApiEvent, { hostname, port }: URL, path: string): Promise<HttpApiAnswer> {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const given = Object.entries(event.headers ?? {}).filter(([header]) => !NOT_PASSED_ON.has(header.toLowerCase()));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request({
      ...{ hostname, port, method: event.requestContext.http.method },
      path: event.rawQueryString ? `${path}?${event.rawQueryString}` : path,
      headers: { ...(Object.fromEntries(given) as Record<string, string>), 'content-length': body.length },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
      .on('response', resolve)
      .on('error', (error) => reject(error.cause instanceof DOMException ? error.cause : error))
      .end(body);
  });
  return {
    statusCode: answer.statusCode ?? 502,
    headers: passedBack(answer.headers),
    body: (await buffer(answer)).toString('base64'),
    isBase64Encoded: true,
  };
}

function passedBack(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).filter(([header]) => !NOT_PASSED_ON.has(header));
  return Object.fromEntries(
    kept.map(([header, value]) => [header, Array.isArray(value) ? value.join(', ') : `${value}`]),
  );
}

function described({ name, state, what, probe }: Endpoint): object {
  return { name, state, what, path: `/${name}/`, try: `/${name}${probe}` };
}

function preflight(): HttpApiAnswer {
  return { statusCode: 204, headers: {}, body: '', isBase64Encoded: false };
}

function refusal(statusCode: number, code: string, message: string): HttpApiAnswer {
  return json(statusCode, { error: { code, message } });
}

function json(statusCode: number, body: object): HttpApiAnswer {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  return { statusCode, headers, body: `${JSON.stringify(body, null, 2)}\n`, isBase64Encoded: false };
}
