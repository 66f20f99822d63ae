import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TributaryError, UserError } from '@tributary/platform/errors';
import { HttpError, unavailable } from './errors.ts';
import { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';
import { type Handler, type Route, type RouteOptions, Router } from './router.ts';

/** 10 MB in base64 is the largest thing that is sent here, a Pub/Sub push. https://cloud.google.com/pubsub/quotas#resource_limits */
const MAX_BODY_BYTES = 14_000_000;

/** Answers up to this length leave with their head in one write; of longer ones the copy would cost more than it saves. */
const MAX_ONE_PIECE_BYTES = 16_384;

/** Longer than a load balancer keeps an idle connection (600 s on Google's), so that we never close one it is about to use. */
const KEEP_ALIVE_MS = 620_000;

/** A caller whose connection ended before the answer; nginx' number for it, seen in metrics only. */
const CLIENT_GONE = 499;

/**
 * What is put around every handler, in this order: `admit` → `authenticate` → the body is read → deadline → handler → `done`.
 * Hooks throw an `HttpError` to refuse; a request that a hook refuses is never read further.
 */
export interface Hooks {
  /** Room for one more? Synchronous, first, and cheap. */
  readonly admit?: (exchange: Exchange) => void;
  /** Sets `exchange.caller`. A promise only where the network is needed. */
  readonly authenticate?: (exchange: Exchange) => void | Promise<void>;
  /** Milliseconds that the request may take from its headers on; `Infinity`: none. */
  readonly deadlineMs?: (exchange: Exchange) => number;
  /** Called once for each request of a route or none, however it ended. `exchange.status` says how. */
  readonly done?: (exchange: Exchange) => void;
}

/** Where problems are told; pino's shape. */
export interface ServerLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Errors that bring their own answer, as Feast's do. */
export interface Answerable {
  toReply(): Reply;
}

const isAnswerable = (error: unknown): error is Answerable =>
  error instanceof Error && typeof (error as Partial<Answerable>).toReply === 'function';

/**
 * The HTTP server, on node:http itself: a framework's routing, hooks and serializers cost as much as the whole of a small read.
 */
export class HttpServer {
  readonly #router = new Router();
  readonly #hooks: Hooks;
  readonly #log: ServerLog;
  readonly #server: Server;
  /** Requests whose answer is due: the deadline is watched by one timer for all, not one each. */
  readonly #due = new Map<Exchange, ServerResponse>();
  #watch: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #draining = false;

  constructor({ hooks = {}, log }: { hooks?: Hooks; log: ServerLog }) {
    this.#hooks = hooks;
    this.#log = log;
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, (request, response) => {
      this.#serve(request, response);
    });
  }

  /** Requests that were begun and not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Every route, as `METHOD path`. */
  get routes(): string[] {
    return this.#router.list();
  }

  route(method: string, path: string, handler: Handler, options?: RouteOptions): void {
    this.#router.add(method, path, handler, options);
  }

  /**
   * @returns the address, such as `http://127.0.0.1:6566`.
   * @throws {UserError} PORT_TAKEN
   */
  async listen({ host, port }: { host: string; port: number }): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          error.code === 'EADDRINUSE'
            ? new UserError('PORT_TAKEN', `Port ${port} of ${host} is taken; set PORT to a free one.`)
            : error,
        ),
      );
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address() as AddressInfo;
    return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  }

  /**
   * Takes no new connections, closes idle ones, and resolves when the requests at work are answered or `graceMs` is over; then whatever is left is cut.
   * A connection at work is told to close with its answer.
   */
  async close(graceMs: number): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const cut = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(cut);
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  /** Callbacks, not async functions: on the way of a small read these cost a tenth of it in memory that has to be collected again. */
  #serve(request: IncomingMessage, response: ServerResponse): void {
    const exchange = new Exchange(request);
    this.#inFlight += 1;
    response.on('close', () => this.#finished(exchange));
    try {
      const found = this.#router.find(exchange);
      if ('status' in found) {
        this.#answer(exchange, response, found);
        return;
      }
      exchange.route = found.path;
      if (found.options.open) {
        this.#read(found, exchange, response);
        return;
      }
      this.#hooks.admit?.(exchange);
      const checked = this.#hooks.authenticate?.(exchange);
      if (checked === undefined) this.#read(found, exchange, response);
      else
        checked
          .then(() => this.#read(found, exchange, response))
          .catch((error: unknown) => this.#fail(exchange, response, error));
    } catch (error) {
      this.#fail(exchange, response, error);
    }
  }

  /** From here on the request has its deadline. */
  #read(route: Route, exchange: Exchange, response: ServerResponse): void {
    const allowed = this.#hooks.deadlineMs?.(exchange) ?? Number.POSITIVE_INFINITY;
    if (allowed !== Number.POSITIVE_INFINITY) this.#expect(exchange, response, allowed);
    if (exchange.method === 'GET' || exchange.method === 'HEAD') {
      this.#handle(route, exchange, response);
      return;
    }
    readBody(exchange.request, route.options.maxBodyBytes ?? MAX_BODY_BYTES, (body, fault) => {
      if (fault !== undefined) {
        this.#fail(exchange, response, fault);
        return;
      }
      exchange.body = body;
      this.#handle(route, exchange, response);
    });
  }

  #handle(route: Route, exchange: Exchange, response: ServerResponse): void {
    // The deadline may have passed while the body came.
    if (exchange.answered) return;
    try {
      const reply = route.handler(exchange);
      if (!(reply instanceof Promise)) {
        this.#answer(exchange, response, reply);
        return;
      }
      reply
        .then((later) => this.#answer(exchange, response, later))
        .catch((error: unknown) => this.#fail(exchange, response, error));
    } catch (error) {
      this.#fail(exchange, response, error);
    }
  }

  #answer(exchange: Exchange, response: ServerResponse, reply: Reply): void {
    if (exchange.answered) return;
    exchange.answered = true;
    exchange.status = reply.status;
    response.writeHead(reply.status, this.#headers(exchange, reply));
    const { body } = reply;
    if (exchange.method === 'HEAD') response.end();
    // Bytes as text of as many characters: Node then sends head and body in one piece, where it gathers a buffer and a text from two.
    else if (typeof body !== 'string' && body.length <= MAX_ONE_PIECE_BYTES)
      response.end(body.toString('latin1'), 'latin1');
    else response.end(body);
  }

  #headers(exchange: Exchange, { body, headers }: Reply): string[] {
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    const list = ['content-length', String(length)];
    const type = headers?.['content-type'] ?? 'application/json';
    if (type !== '') list.push('content-type', type);
    if (headers !== undefined) {
      for (const name in headers) if (name !== 'content-type') list.push(name, headers[name]!);
    }
    if (this.#draining || hasLongRest(exchange.request)) list.push('connection', 'close');
    return list;
  }

  #fail(exchange: Exchange, response: ServerResponse, error: unknown): void {
    if (exchange.answered || response.destroyed) return;
    exchange.notes.errorCode = error instanceof TributaryError ? error.code : 'INTERNAL';
    if (isAnswerable(error)) {
      this.#answer(exchange, response, error.toReply());
      return;
    }
    this.#log.error({ err: error, route: exchange.route }, 'a request failed');
    const internal = new HttpError(
      500,
      'INTERNAL',
      'The server failed; its log says how. The same request may succeed later.',
    );
    this.#answer(exchange, response, internal.toReply());
  }

  #finished(exchange: Exchange): void {
    this.#inFlight -= 1;
    this.#due.delete(exchange);
    if (!exchange.answered) {
      exchange.answered = true;
      exchange.status = CLIENT_GONE;
    }
    this.#hooks.done?.(exchange);
  }

  #expect(exchange: Exchange, response: ServerResponse, allowedMs: number): void {
    exchange.deadlineAt = exchange.startedAt + allowedMs;
    this.#due.set(exchange, response);
    this.#watch ??= setInterval(() => this.#expire(), DEADLINE_TICK_MS).unref();
  }

  #expire(): void {
    const now = performance.now();
    for (const [exchange, response] of this.#due) {
      if (exchange.deadlineAt > now || exchange.answered) continue;
      const late = unavailable(
        'DEADLINE_EXCEEDED',
        'The answer was not ready within the deadline; ask for less, or again.',
      );
      this.#fail(exchange, response, late);
    }
  }
}

/**
 * Whether so much of a body was not read that to end the connection is better. What is shorter Node reads and drops, so that a caller who is still sending
 * gets the answer, and can send the next request.
 */
function hasLongRest(request: IncomingMessage): boolean {
  if (request.complete) return false;
  const length = request.headers['content-length'];
  if (length === undefined) return request.headers['transfer-encoding'] !== undefined;
  return Number(length) > MAX_DROPPED_BYTES;
}

const MAX_DROPPED_BYTES = 65_536;

/** How late a deadline may be noticed. */
const DEADLINE_TICK_MS = 20;

/** Hands over the body, or why there is none; once. */
function readBody(request: IncomingMessage, maxBytes: number, done: (body: Buffer, fault?: HttpError) => void): void {
  let isDone = false;
  const refuse = (fault: HttpError): void => {
    if (isDone) return;
    isDone = true;
    done(EMPTY, fault);
  };
  const tooLarge = (): void => {
    request.pause();
    refuse(new HttpError(413, 'BODY_TOO_LARGE', `A request's body is at most ${maxBytes} bytes; send less at a time.`));
  };
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    tooLarge();
    return;
  }
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) {
      tooLarge();
      return;
    }
    if (first === undefined) first = chunk;
    else if (more === undefined) more = [first, chunk];
    else more.push(chunk);
  });
  request.on('end', () => {
    if (isDone) return;
    isDone = true;
    done(more === undefined ? (first ?? EMPTY) : Buffer.concat(more, length));
  });
  request.on('error', (cause) => refuse(cut(cause)));
  request.on('close', () => {
    if (!request.complete) refuse(cut());
  });
}

const EMPTY = Buffer.alloc(0);

function cut(cause?: unknown): HttpError {
  return new HttpError(400, 'BODY_CUT_OFF', 'The connection ended before the body did.', { cause });
}
