import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

const NO_BODY = Buffer.alloc(0);

/**
 * One request at work. Made once a request on the hot path: everything beyond the fields is computed when it is asked for.
 */
export class Exchange {
  readonly request: IncomingMessage;
  /** Upper case. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** After the `?`, not decoded; empty without one. */
  readonly search: string;
  /** The route's path, for metrics and logs; `unmatched` where there is none, so that a scan of made-up paths makes no series. */
  route = 'unmatched';
  /** `performance.now()` when the headers had been read. */
  readonly startedAt: number;
  /** `performance.now()` by which the answer is due; `Infinity` without a deadline. */
  deadlineAt = Number.POSITIVE_INFINITY;
  /** Whole, once a handler has it. */
  body: Buffer = NO_BODY;
  /** Who calls, where the `authenticate` hook found out. */
  caller: string | undefined = undefined;
  /** Answered, by the handler or instead of it: whatever a handler still does is for nothing. */
  answered = false;
  /** The answer's status, once there is one; 499 where the caller left before. */
  status = 0;
  /** What handlers leave for the `done` hook; numbers and short strings only. */
  readonly notes: Notes = {};

  constructor(request: IncomingMessage) {
    this.request = request;
    this.method = request.method ?? 'GET';
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.search = mark < 0 ? '' : url.slice(mark + 1);
    this.startedAt = performance.now();
  }

  get headers(): IncomingHttpHeaders {
    return this.request.headers;
  }

  /** The query, decoded. */
  get query(): URLSearchParams {
    return new URLSearchParams(this.search);
  }
}

/** docs of each at where it is set. */
export interface Notes {
  /** Rows of the request. */
  entities?: number;
  /** Features of the answer. */
  features?: number;
  /** The stable code of the error that was answered. */
  errorCode?: string;
}
