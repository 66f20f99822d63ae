import { unavailable } from '../http/errors.ts';
import type { Exchange } from '../http/exchange.ts';

interface Room {
  readonly maxRequestsAtWork: number;
  readonly maxBytesAtWork: number;
  readonly maxBodyBytes: number;
}

/**
 * Lets in as many requests, and bytes of bodies, as there is room for. What is let in waits for the event loop or for Redis; so these two bounds are the length
 * of every queue of this process, and its memory's.
 *
 * A body without a length counts as the longest that most routes take.
 */
export class Admission {
  readonly #room: Room;
  /** Bytes by request at work. */
  readonly #atWork = new Map<Exchange, number>();
  #bytes = 0;
  #closed = false;

  constructor(room: Room) {
    this.#room = room;
  }

  get requests(): number {
    return this.#atWork.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** From now on nothing is let in: for a server that is ending. */
  close(): void {
    this.#closed = true;
  }

  /** @throws {HttpError} 503 OVERLOADED or DRAINING with `retry-after`. */
  readonly admit = (exchange: Exchange): void => {
    const { maxRequestsAtWork, maxBytesAtWork, maxBodyBytes } = this.#room;
    if (this.#closed) throw unavailable('DRAINING', 'The server is ending; another one takes the request.');
    const bytes = bodyBytes(exchange, maxBodyBytes);
    if (this.#atWork.size >= maxRequestsAtWork) {
      throw unavailable(
        'OVERLOADED',
        `${maxRequestsAtWork} requests are at work (MAX_REQUESTS_AT_WORK); come back later.`,
      );
    }
    // One request alone is always let in: with a small bound it would never be.
    if (this.#bytes + bytes > maxBytesAtWork && this.#atWork.size > 0) {
      throw unavailable(
        'OVERLOADED',
        `Bodies of ${maxBytesAtWork} bytes are at work (MAX_BYTES_AT_WORK); come back later.`,
      );
    }
    this.#atWork.set(exchange, bytes);
    this.#bytes += bytes;
  };

  /** Makes room again; harmless for a request that was not let in. */
  readonly leave = (exchange: Exchange): void => {
    const bytes = this.#atWork.get(exchange);
    if (bytes === undefined) return;
    this.#atWork.delete(exchange);
    this.#bytes -= bytes;
  };
}

function bodyBytes({ headers }: Exchange, longest: number): number {
  const length = headers['content-length'];
  if (length !== undefined) return Number(length);
  return headers['transfer-encoding'] === undefined ? 0 : longest;
}
