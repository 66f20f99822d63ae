import { connect as connectPlain, isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { unavailable } from '../http/errors.ts';
import { refused } from './refused.ts';
import {
  encodeCommand,
  type HashScan,
  parseReply,
  RedisProtocolError,
  type RedisReply,
  RedisReplyError,
} from './resp.ts';

export interface RedisEndpoint {
  readonly host: string;
  readonly port: number;
}

export interface RedisSettings {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Database number; a cluster has only 0. */
  readonly db?: number | undefined;
  readonly tls?: RedisTls | undefined;
  /** Milliseconds that Redis may take for a reply, and for a connection; default 1,000. */
  readonly timeoutMs?: number | undefined;
}

export interface RedisTls {
  /** PEM of the authority that Redis' certificate comes from, which then may be made out to any name where Redis is called by its address; absent: those of the system. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** What the certificate must be made out to; default the host. */
  readonly serverName?: string | undefined;
}

const TIMEOUT_MS = 1_000;
/** Delays between attempts to connect: a restart of Redis is noticed at once, one that is gone is not hammered. */
const RECONNECT_MS = [0, 50, 100, 200, 500, 1_000] as const;
/** How often the oldest reply's age is looked at. */
const WATCH_MS = 100;
/**
 * Bytes of commands that may wait for Redis to read them. Beyond that new ones are refused: a Redis that does not read must not grow this process.
 */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

interface Expected {
  readonly scan: HashScan | undefined;
  readonly replies: RedisReply[] | undefined;
  readonly count: number;
  readonly sentAt: number;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One pipelined connection to one Redis, kept up by itself.
 *
 * States: connecting → ready → (lost → waiting → connecting …) → closed. Commands are sent only when ready; in any other state, and for whatever was not
 * answered when a connection is lost, they fail at once with ONLINE_STORE_UNAVAILABLE, so callers answer within their deadline and nothing piles up.
 * A connection is given up when Redis ends it, when a reply takes longer than the timeout, and when what comes is no RESP.
 *
 * By hand: values are found in place, in the bytes that came, and HMGETs are ready-made, where a client makes an object a command and a buffer a value.
 */
export class RedisConnection {
  readonly endpoint: RedisEndpoint;
  readonly #settings: RedisSettings;
  readonly #timeoutMs: number;
  #socket: Socket | undefined;
  #state: 'connecting' | 'ready' | 'lost' | 'closed' = 'lost';
  #attempts = 0;
  #retry: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #expected: Expected[] = [];
  #head = 0;
  #outgoing: Buffer[] = [];
  #flushing = false;
  /** Bytes of the reply at hand that came before; `#at` is how far it was read. */
  #rest: Buffer | undefined;
  #at = 0;
  #opened: Promise<void> | undefined;
  #lastFault = 'not connected yet';

  constructor(endpoint: RedisEndpoint, settings: RedisSettings = {}) {
    this.endpoint = endpoint;
    this.#settings = settings;
    this.#timeoutMs = settings.timeoutMs ?? TIMEOUT_MS;
  }

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** Begins to connect, and resolves when the first attempt came to an end, whichever; later attempts go on by themselves. */
  open(): Promise<void> {
    this.#opened ??= this.#connect();
    return this.#opened;
  }

  /** Ends the connection; what is not answered yet fails. */
  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#retry);
    this.#drop('this server closed it');
  }

  /**
   * Sends ready-made HMGETs and finds the values in what comes back.
   *
   * @throws {HttpError} ONLINE_STORE_UNAVAILABLE, also where Redis refuses one of them: then its `RedisReplyError` is the cause
   */
  scan(commands: Buffer, scan: HashScan): Promise<HashScan> {
    return new Promise((resolve, reject) => {
      this.#send(commands, { scan, replies: undefined, count: 1, sentAt: performance.now(), resolve, reject });
    });
  }

  /**
   * Sends commands, and resolves to a reply for each; Redis' refusals are among them as `RedisReplyError`.
   *
   * @throws {HttpError} ONLINE_STORE_UNAVAILABLE
   */
  commands(list: readonly (readonly (Buffer | string)[])[]): Promise<RedisReply[]> {
    if (list.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const bytes = Buffer.concat(list.map(encodeCommand));
      this.#send(bytes, {
        scan: undefined,
        replies: [],
        count: list.length,
        sentAt: performance.now(),
        resolve,
        reject,
      });
    });
  }

  #send(bytes: Buffer, expected: Expected): void {
    const socket = this.#socket;
    if (this.#state !== 'ready' || !socket) {
      expected.reject(this.#unavailable());
      return;
    }
    if (socket.writableLength > MAX_WAITING_BYTES) {
      expected.reject(
        unavailable('ONLINE_STORE_UNAVAILABLE', 'Redis does not read what it is sent; the online store is overloaded.'),
      );
      return;
    }
    this.#expected.push(expected);
    this.#outgoing.push(bytes);
    if (this.#flushing) return;
    this.#flushing = true;
    // Requests that came in one turn of the event loop go out in one write.
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    if (outgoing.length > 0) this.#socket?.write(outgoing.length === 1 ? outgoing[0]! : Buffer.concat(outgoing));
  }

  #unavailable(cause?: unknown): Error {
    const { host, port } = this.endpoint;
    return unavailable(
      'ONLINE_STORE_UNAVAILABLE',
      `The online store at ${host}:${port} is not available (${this.#lastFault}). This server keeps trying to reach it.`,
      { cause },
    );
  }

  async #connect(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'connecting';
    let socket: Socket;
    try {
      socket = await this.#socketTo();
    } catch (error) {
      this.#lost((error as NodeJS.ErrnoException).code ?? (error as Error).message);
      return;
    }
    if ((this.#state as string) === 'closed') {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    this.#rest = undefined;
    this.#at = 0;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(socket, chunk as Buffer));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#ended(socket, error.code ?? error.message));
    socket.on('close', () => this.#ended(socket, 'Redis ended the connection'));
    this.#watch = setInterval(() => this.#checkAge(socket), WATCH_MS).unref();
    await this.#greet(socket);
  }

  /** AUTH and SELECT; the connection is ready when both were taken. */
  async #greet(socket: Socket): Promise<void> {
    const { username, password, db } = this.#settings;
    const greetings: (readonly string[])[] = [];
    if (password !== undefined)
      greetings.push(username === undefined ? ['AUTH', password] : ['AUTH', username, password]);
    if (db) greetings.push(['SELECT', String(db)]);
    greetings.push(['PING']);
    const replies: RedisReply[] = await new Promise<RedisReply[]>((resolve, reject) => {
      this.#expected.push({
        scan: undefined,
        replies: [],
        count: greetings.length,
        sentAt: performance.now(),
        resolve,
        reject,
      });
      socket.write(Buffer.concat(greetings.map(encodeCommand)));
    }).catch((error: Error) => [new RedisReplyError(error.message)]);
    const refusal = replies.find((reply): reply is RedisReplyError => reply instanceof RedisReplyError);
    if (this.#socket !== socket) return;
    if (refusal) {
      this.#ended(socket, refusal.message);
      return;
    }
    this.#state = 'ready';
    this.#attempts = 0;
  }

  async #socketTo(): Promise<Socket> {
    const { tls } = this.#settings;
    const { host, port } = this.endpoint;
    const socket: Socket | TLSSocket = tls
      ? (await import('node:tls')).connect({
          host,
          port,
          ...(tls.ca === undefined ? {} : { ca: tls.ca }),
          ...(tls.cert === undefined ? {} : { cert: tls.cert }),
          ...(tls.key === undefined ? {} : { key: tls.key }),
          ...(isIP(tls.serverName ?? host) === 0 ? { servername: tls.serverName ?? host } : {}),
          // An authority that is named vouches for this one store: Memorystore's has an address, and its certificate no name that would be that.
          ...(tls.ca !== undefined && isIP(tls.serverName ?? host) !== 0
            ? { checkServerIdentity: () => undefined }
            : {}),
        })
      : connectPlain({ host, port });
    return new Promise((resolve, reject) => {
      const slow = setTimeout(() => socket.destroy(new Error('no connection in time')), this.#timeoutMs);
      socket.once('error', (error) => {
        clearTimeout(slow);
        reject(error);
      });
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        clearTimeout(slow);
        socket.removeAllListeners('error');
        resolve(socket);
      });
    });
  }

  #checkAge(socket: Socket): void {
    const oldest = this.#expected[this.#head];
    if (oldest && performance.now() - oldest.sentAt > this.#timeoutMs) {
      this.#ended(socket, `no reply within ${this.#timeoutMs} ms`);
    }
  }

  #ended(socket: Socket, fault: string): void {
    if (this.#socket !== socket) return;
    this.#lost(fault);
  }

  #lost(fault: string): void {
    this.#drop(fault);
    if (this.#state === 'closed') return;
    this.#state = 'lost';
    const wait = RECONNECT_MS[Math.min(this.#attempts, RECONNECT_MS.length - 1)]!;
    this.#attempts += 1;
    this.#retry = setTimeout(() => void this.#connect(), wait).unref();
  }

  #drop(fault: string): void {
    this.#lastFault = fault;
    const socket = this.#socket;
    this.#socket = undefined;
    clearInterval(this.#watch);
    socket?.destroy();
    const failed = this.#expected.slice(this.#head);
    this.#expected = [];
    this.#head = 0;
    this.#outgoing = [];
    this.#rest = undefined;
    for (const { reject } of failed) reject(this.#unavailable());
  }

  #read(socket: Socket, chunk: Buffer): void {
    if (this.#socket !== socket) return;
    try {
      this.#take(chunk);
    } catch (error) {
      if (!(error instanceof RedisProtocolError)) throw error;
      this.#ended(socket, `what it sends is not Redis: ${error.message}`);
    }
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    const end = bytes.length;
    let base = 0;
    let at = this.#rest === undefined ? 0 : this.#at;
    while (base < end) {
      const expected = this.#expected[this.#head];
      if (!expected) throw new RedisProtocolError('a reply that nobody asked for');
      const { scan, replies } = expected;
      if (scan !== undefined) {
        at = scan.scan(bytes, base, at, end);
        if (!scan.done) break;
        scan.bytes = bytes.subarray(base, at);
        if (scan.refusal === undefined) this.#done(expected, scan);
        else this.#refused(expected, scan.refusal);
        base = at;
        continue;
      }
      const reply = parseReply(bytes, at, end);
      if (!reply) break;
      replies!.push(reply.value);
      at = reply.next;
      base = at;
      if (replies!.length === expected.count) this.#done(expected, replies);
    }
    if (base === end) {
      this.#rest = undefined;
      return;
    }
    this.#rest = bytes.subarray(base);
    this.#at = at - base;
  }

  #done(expected: Expected, value: unknown): void {
    this.#next();
    expected.resolve(value as never);
  }

  #refused(expected: Expected, refusal: RedisReplyError): void {
    this.#next();
    expected.reject(refused(refusal));
  }

  #next(): void {
    this.#head += 1;
    if (this.#head === this.#expected.length) {
      this.#expected = [];
      this.#head = 0;
    } else if (this.#head > 1_024) {
      this.#expected.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
