import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, type ZlibOptions } from 'node:zlib';
import { TributaryError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { tooLarge, unreadable, unsupported } from './errors.ts';
import { type OutcomeRecorder, outcomeOf } from './outcome.ts';

/** What stands before a function. */
export interface Door {
  /** Lets a request in, or throws why not; its body has not been read. */
  readonly admit: (request: IncomingMessage) => Promise<void>;
  /** Of the body, on the wire and unpacked. */
  readonly maxBytes: number;
  readonly log: Logger;
  /** Measures a request that is refused here; one that passes is measured by the function. */
  readonly outcome?: () => OutcomeRecorder;
  /** How a refusal is answered; in plain text where nothing else is said. */
  readonly refuse?: (request: IncomingMessage, response: ServerResponse, error: unknown) => void;
}

/** A request whose body is there, unpacked. */
export type ReadRequest = IncomingMessage & { rawBody?: Buffer };

/** HTTP statuses of refusals; any other error of a user is 400, one that may pass 503, and the rest 500. */
const STATUS: Readonly<Record<string, number>> = {
  TOKEN_MISSING: 401,
  TOKEN_INVALID: 401,
  CALLER_FORBIDDEN: 403,
  EVENT_TOO_LARGE: 413,
  EVENT_ENCODING: 415,
};

/**
 * Before a request reaches the functions framework: who calls is checked, then the body is read, no more of it than any event has, and unpacked.
 *
 * The framework itself reads up to 1 GiB from anybody, unpacks what it gets, and answers what it cannot parse with a page of HTML. What was read here it
 * leaves alone: its parsers pass by a request whose body has ended, and `rawBody` is where it would have put it.
 */
export function behindDoor(door: Door, next: RequestListener): RequestListener {
  return (request, response) => {
    const record = door.outcome?.();
    enter(door, request)
      .then(() => next(request, response))
      .catch(async (error: unknown) => {
        door.log.warn({ err: error, method: request.method }, 'a request was refused');
        await record?.(outcomeOf(statusOf(error)), error instanceof TributaryError ? error.code : 'INTERNAL');
        (door.refuse ?? refuse)(request, response, error);
      });
  };
}

async function enter({ admit, maxBytes }: Door, request: ReadRequest): Promise<void> {
  await admit(request);
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  const packed = await readBody(request, maxBytes);
  request.rawBody = await unpack(packed, request.headers['content-encoding'], maxBytes);
  delete request.headers['content-encoding'];
}

function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size > maxBytes) reject(tooLarge(maxBytes));
      else parts.push(part);
    });
    request.once('end', () => resolve(Buffer.concat(parts)));
    request.once('error', (error) => reject(unreadable('the request was cut off', { cause: error })));
  });
}

const UNPACK: Readonly<Record<string, (packed: Buffer, options: ZlibOptions) => Promise<Buffer>>> = {
  gzip: promisify<Buffer, ZlibOptions, Buffer>(gunzip),
  'x-gzip': promisify<Buffer, ZlibOptions, Buffer>(gunzip),
  deflate: promisify<Buffer, ZlibOptions, Buffer>(inflate),
  br: promisify<Buffer, ZlibOptions, Buffer>(brotliDecompress),
};

async function unpack(packed: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() || 'identity';
  if (name === 'identity' || packed.length === 0) return packed;
  const run = Object.hasOwn(UNPACK, name) ? UNPACK[name] : undefined;
  if (!run) throw unsupported(`The content encoding ${name.slice(0, 50)}`);
  try {
    return await run(packed, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw unreadable(`its body is not ${name}`, { cause: error });
  }
}

/** Answers with an error's status and its words, where these are for whoever sent the request. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const status = statusOf(error);
  // What is still to come of the body is thrown away as it comes: a connection that is closed meanwhile would take the answer with it.
  request.resume();
  // https://datatracker.ietf.org/doc/html/rfc6750#section-3
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  const isTold = error instanceof TributaryError && error.class === 'user';
  answerText(response, status, isTold ? error.message : error instanceof TributaryError ? error.code : 'See the log.');
}

export function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

function statusOf(error: unknown): number {
  if (!(error instanceof TributaryError)) return 500;
  if (Object.hasOwn(STATUS, error.code)) return STATUS[error.code]!;
  return error.class === 'user' ? 400 : error.class === 'transient' ? 503 : 500;
}
