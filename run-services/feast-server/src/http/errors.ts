import { TributaryError } from '@tributary/platform/errors';
import { json, type Reply } from './reply.ts';

/** What this server refuses of its own accord. What Feast's server would say too is in `feast/`. */
export type HttpErrorCode =
  /** The body is longer than a request may be. */
  | 'BODY_TOO_LARGE'
  /** The body ended before its length, or the connection was lost while it was read. */
  | 'BODY_CUT_OFF'
  /** The request asks for more entities × features than one request may. */
  | 'REQUEST_TOO_LARGE'
  /** The request cannot be carried out, and Feast's own server would say so with 500; strict semantics only. */
  | 'INVALID_REQUEST'
  /** The query names semantics that there are not. */
  | 'SEMANTICS_UNKNOWN'
  /** The body is no Pub/Sub push request. */
  | 'INVALID_PUSH'
  /** No, or no valid, credentials. */
  | 'UNAUTHENTICATED'
  /** Valid credentials of somebody who may not do this. */
  | 'FORBIDDEN'
  /** As many requests are at work and waiting as there is room for. */
  | 'OVERLOADED'
  /** Not answered within the request's deadline. */
  | 'DEADLINE_EXCEEDED'
  /** Redis does not answer, or answers what cannot be read. */
  | 'ONLINE_STORE_UNAVAILABLE'
  /** The server is ending. */
  | 'DRAINING'
  /** A job or another server that the request needs does not answer. */
  | 'BACKEND_UNAVAILABLE'
  /** The request asks for something that is switched off or not configured here. */
  | 'NOT_ENABLED'
  /** A fault of ours; the log has it under the same moment. */
  | 'INTERNAL';

/**
 * An error that becomes an answer: `{"code": …, "detail": what is wrong and what to do}`.
 * `detail` is where FastAPI's own errors have their text, so that Feast's clients show it.
 */
export class HttpError extends TributaryError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>> | undefined;
  override readonly code: HttpErrorCode;

  constructor(
    status: number,
    code: HttpErrorCode,
    message: string,
    options: ErrorOptions & { readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(code, status === 503 || status === 429 ? 'transient' : status >= 500 ? 'bug' : 'user', message, options);
    this.name = 'HttpError';
    this.code = code;
    this.status = status;
    this.headers = options.headers;
  }

  toReply(): Reply {
    return json(this.status, { code: this.code, detail: this.message }, this.headers);
  }
}

/** 503 that says when to come back. */
export function unavailable(
  code: 'OVERLOADED' | 'DEADLINE_EXCEEDED' | 'ONLINE_STORE_UNAVAILABLE' | 'DRAINING' | 'BACKEND_UNAVAILABLE',
  message: string,
  options: ErrorOptions & { readonly retryAfterSeconds?: number } = {},
): HttpError {
  const { retryAfterSeconds = 1, ...rest } = options;
  return new HttpError(503, code, message, { ...rest, headers: { 'retry-after': String(retryAfterSeconds) } });
}
