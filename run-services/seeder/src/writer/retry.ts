import { setTimeout as sleep } from 'node:timers/promises';
import { TransientError, UserError } from '@tributary/platform/errors';

/** How long the database may stay away before a run gives up; it resumes where it was when started again. */
export const RETRY_LIMIT_MS = 120_000;

/** A restart of Postgres takes seconds, recovery after a crash longer. The last delay repeats. */
const AWAY: readonly number[] = [100, 250, 500, 1_000, 2_000, 5_000];
/** Somebody else was in the way for a moment. */
const CONTENDED: readonly number[] = [20, 50, 100, 250, 500, 1_000];
/** Connections and memory come back when others finish. */
const EXHAUSTED: readonly number[] = [1_000, 2_000, 5_000];

/** What may be repeated, and after how many milliseconds. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const RETRY_DELAYS: Readonly<Record<string, readonly number[]>> = {
  '08000': AWAY,
  '08001': AWAY,
  '08003': AWAY,
  '08004': AWAY,
  '08006': AWAY,
  '57P01': AWAY,
  '57P02': AWAY,
  '57P03': AWAY,
  '57P05': AWAY,
  '25P03': AWAY,
  '40001': CONTENDED,
  '40P01': CONTENDED,
  '55P03': CONTENDED,
  '57014': EXHAUSTED,
  '53000': EXHAUSTED,
  '53200': EXHAUSTED,
  '53300': EXHAUSTED,
  ECONNREFUSED: AWAY,
  ECONNRESET: AWAY,
  ECONNABORTED: AWAY,
  EPIPE: AWAY,
  ETIMEDOUT: AWAY,
  EHOSTUNREACH: AWAY,
  ENETUNREACH: AWAY,
  EAI_AGAIN: AWAY,
  CONNECTION_LOST: AWAY,
};

/** What only a person can mend, and how. */
const REMEDIES: Readonly<Record<string, string>> = {
  '28000': 'check PGUSER, and that the server lets it in from here',
  '28P01': 'check PGUSER and PGPASSWORD',
  '3D000': 'check PGDATABASE, or create the database',
  '3F000': 'run the migrations first (seeder migrate)',
  '42P01': 'run the migrations first (seeder migrate)',
  '42703': 'the tables are older than the contracts: run the migrations (seeder migrate)',
  '42501': 'grant PGUSER what it lacks',
  '53100': "make room on the database's disk; the same command resumes where it stopped",
  '25006': 'the server is read-only: point PGHOST at the primary',
  ENOTFOUND: 'check PGHOST',
};

/** The `code` of a driver's error; pg reports a lost connection in words only, and Node gathers several attempts into one error. */
export function codeOf(error: unknown): string {
  const { code, message, errors } = error as { code?: unknown; message?: unknown; errors?: unknown[] };
  if (typeof code === 'string') return code;
  if (Array.isArray(errors) && errors.length > 0) return codeOf(errors[0]);
  return /connection (terminated|ended)|not queryable|timeout exceeded|timeout expired|read timeout/i.test(
    String(message),
  )
    ? 'CONNECTION_LOST'
    : 'UNKNOWN';
}

export interface RetryOptions {
  /** Names the database in messages: `127.0.0.1:5432/app`. */
  readonly target: string;
  readonly signal?: AbortSignal | undefined;
  /** Called before each wait. */
  readonly onRetry?: ((retry: { readonly code: string; readonly delayMs: number }) => void) | undefined;
  readonly limitMs?: number;
}

/**
 * Repeats `action` as long as the table allows, for two minutes from its first failure.
 *
 * @throws {TransientError} DATABASE_UNAVAILABLE when the time is up.
 * @throws {UserError} DATABASE_REFUSED for what a person has to mend first; other errors as they are.
 */
export async function withRetry<T>(action: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { target, signal, onRetry, limitMs = RETRY_LIMIT_MS } = options;
  let deadline: number | undefined;
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      const code = codeOf(error);
      const delays = RETRY_DELAYS[code];
      if (!delays) throw explain(error, code, target);
      deadline ??= Date.now() + limitMs;
      const delayMs = delays[Math.min(attempt, delays.length - 1)]!;
      if (Date.now() + delayMs > deadline) {
        throw new TransientError(
          'DATABASE_UNAVAILABLE',
          `Postgres at ${target} did not answer for ${Math.round(limitMs / 1000)} s (${code}). Start it, or check PGHOST and PGPORT; the same command resumes where it stopped.`,
          { cause: error },
        );
      }
      onRetry?.({ code, delayMs });
      await sleep(delayMs, undefined, { signal });
    }
  }
}

function explain(error: unknown, code: string, target: string): unknown {
  const remedy = REMEDIES[code];
  if (!remedy) return error;
  return new UserError('DATABASE_REFUSED', `Postgres at ${target} refused (${code}): ${remedy}.`, { cause: error });
}
