import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresConfig } from '@tributary/platform/config';
import pg from 'pg';
import { codeOf, type RetryOptions, withRetry } from './retry.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** A batch takes milliseconds; one that takes this long is stuck, and is repeated. */
const STATEMENT_TIMEOUT_MS = 60_000;
const LOCK_TIMEOUT_MS = 30_000;
/** The server ends a statement itself before; this is for a server that no longer answers at all. */
const ANSWER_TIMEOUT_MS = 75_000;
const CLOSE_TIMEOUT_MS = 2_000;

export type RetryListener = NonNullable<RetryOptions['onRetry']>;

export interface DatabaseOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: RetryListener | undefined;
  /** Two minutes when left out. */
  readonly retryLimitMs?: number;
}

/**
 * One connection that is opened when needed and opened anew after it was lost. Not for concurrent use: operations have an order.
 */
export class Database implements AsyncDisposable {
  readonly #config: PostgresConfig;
  readonly #retry: RetryOptions;
  #client: pg.Client | undefined;

  constructor(config: PostgresConfig, options: DatabaseOptions = {}) {
    const { signal, onRetry, retryLimitMs } = options;
    this.#config = config;
    this.#retry = {
      target: `${config.host}:${config.port}/${config.database}`,
      signal,
      onRetry,
      ...(retryLimitMs !== undefined && { limitMs: retryLimitMs }),
    };
  }

  /**
   * Runs `work` on the connection. After a failure the connection is dropped, so whatever transaction was open is rolled back by the server, and `work` is
   * repeated as far as the table of retries allows: it must bear being repeated, also after a COMMIT whose answer was lost.
   */
  run<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    return withRetry(async () => {
      const client = await this.#connected();
      try {
        return await work(client);
      } catch (error) {
        await this.close();
        throw error;
      }
    }, this.#retry);
  }

  /** Runs `work` in a transaction; otherwise as `run`. */
  transaction<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    return this.run(async (client) => {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    });
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client) await end(client);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    const { host, port, user, password, database } = this.#config;
    const client = new pg.Client({
      host,
      port,
      user,
      password,
      database,
      application_name: 'tributary-seeder',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      keepAlive: true,
    });
    // A connection lost between two queries is reported here; the next query fails and is repeated on a new one.
    client.on('error', () => {
      if (this.#client === client) this.#client = undefined;
    });
    try {
      await client.connect();
      await client.query("SET TIME ZONE 'UTC'");
    } catch (error) {
      await end(client);
      throw error;
    }
    this.#client = client;
    return client;
  }
}

/** Says good-bye, but not for long and without complaint: the connection may be what broke. */
async function end(client: pg.Client): Promise<void> {
  await Promise.race([client.end().catch(() => undefined), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
}

/** Errors of the data itself: class 22 (data exception) and 23 (integrity constraint violation). */
export function isDataError(error: unknown): boolean {
  return /^2[23]/.test(codeOf(error));
}
