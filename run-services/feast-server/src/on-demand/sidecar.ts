import { type Environment, readEnvironment, readVariables, variable } from '@tributary/platform/config';
import { z } from 'zod';
import { HttpError, unavailable } from '../http/errors.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';

/** An answer of the sidecar's may be as long as one of ours. */
const MAX_ANSWER_BYTES = 64_000_000;

const OWN_VARIABLES = {
  FEAST_SIDECAR_URL: variable(
    z
      .url({
        protocol: /^http$/,
        hostname: /^(127\.0\.0\.1|localhost|\[::1\])$/,
        error: 'expected http://127.0.0.1:<port>',
      })
      .optional(),
    "a Feast server of Python's on this machine, which computes on-demand feature views; absent: requests for one are 501",
    'http://127.0.0.1:6567',
  ),
};

/** Undefined where on-demand views are off. @throws {UserError} CONFIG_INVALID */
export function readSidecarUrl(environment: Environment = readEnvironment()): string | undefined {
  return readVariables(OWN_VARIABLES, environment).FEAST_SIDECAR_URL?.replace(/\/+$/, '');
}

/**
 * Requests that need Python: on-demand feature views are functions in the registry, as Python byte code. They go to a Feast server beside this one as
 * they came, but for rows of people who were erased, and its answer comes back as it is.
 */
export class OnDemandSidecar {
  readonly #url: string | undefined;
  readonly #traceparent: (exchange: Exchange) => string | undefined;

  constructor(url: string | undefined, traceparent: (exchange: Exchange) => string | undefined) {
    this.#url = url;
    this.#traceparent = traceparent;
  }

  /**
   * Has the sidecar answer in our place.
   *
   * @param body the request's own, unless some of it is not to go there
   * @throws {HttpError} 501 NOT_ENABLED without a sidecar; 503 BACKEND_UNAVAILABLE where it does not answer before the request's deadline.
   */
  async forward(exchange: Exchange, body: Buffer = exchange.body): Promise<Reply> {
    if (this.#url === undefined) {
      throw new HttpError(
        501,
        'NOT_ENABLED',
        "On-demand and precomputed features are computed in Python, and this server has no sidecar for it: ask for stored feature views, or start Feast's own server beside this one and set FEAST_SIDECAR_URL.",
      );
    }
    const traceparent = this.#traceparent(exchange);
    try {
      const response = await fetch(`${this.#url}${exchange.path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(traceparent === undefined ? {} : { traceparent }) },
        body: new Uint8Array(body),
        signal: deadlineSignal(exchange),
        redirect: 'error',
      });
      const answer = await readAnswer(response);
      return {
        status: response.status,
        body: answer,
        headers: { 'content-type': response.headers.get('content-type') ?? '' },
      };
    } catch (cause) {
      if (cause instanceof HttpError) throw cause;
      throw unavailable(
        'BACKEND_UNAVAILABLE',
        'The server of on-demand feature views (FEAST_SIDECAR_URL) does not answer.',
        { cause },
      );
    }
  }
}

function deadlineSignal({ deadlineAt }: Exchange): AbortSignal | null {
  if (deadlineAt === Number.POSITIVE_INFINITY) return null;
  return AbortSignal.timeout(Math.max(1, Math.ceil(deadlineAt - performance.now())));
}

async function readAnswer(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) {
      throw unavailable(
        'BACKEND_UNAVAILABLE',
        `The server of on-demand feature views answers more than ${MAX_ANSWER_BYTES} bytes.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
