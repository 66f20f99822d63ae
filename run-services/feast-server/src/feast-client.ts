import { setTimeout as delay } from 'node:timers/promises';
import { TransientError, TributaryError } from '@tributary/platform/errors';
import type { Logger } from '@tributary/platform/log';
import type { PushedView, PushRow } from './feature-view.ts';

/** Rows of one request: Feast turns them into protobuf on its only event loop, where a larger request would hold up readers. */
const MAX_ROWS_PER_PUSH = 1_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** Delays before a push that met a fault is repeated. Afterwards the bus delivers the batch again, for as long as it takes. */
const RETRY_DELAYS_MS = [100, 300, 1_000, 2_000, 4_000, 8_000] as const;

/** Feast refuses the request itself; to repeat it would not help. */
export class PushRefusedError extends TributaryError {
  constructor(message: string) {
    super('PUSH_REFUSED', 'bug', message);
    this.name = 'PushRefusedError';
  }
}

/** Feast's push API. It answers 200 once the rows are in the online store, where a row never overwrites one of a later or the same event_timestamp. */
export class FeastClient {
  readonly #url: string;
  readonly #log: Logger;
  readonly #delays: readonly number[];

  constructor(url: string, log: Logger, delays: readonly number[] = RETRY_DELAYS_MS) {
    this.#url = url;
    this.#log = log;
    this.#delays = delays;
  }

  /**
   * Puts rows online, in requests of bounded size. Resolves once all are; on rejection any part of them may be.
   *
   * @throws {TransientError} FEAST_UNAVAILABLE after the delays of this attempt are used up.
   * @throws {PushRefusedError} where Feast answers that the request is wrong.
   */
  async push(rows: readonly PushRow[]): Promise<void> {
    const byView = Map.groupBy(rows, (row) => row.view);
    for (const [view, ofView] of byView) {
      for (let from = 0; from < ofView.length; from += MAX_ROWS_PER_PUSH) {
        await this.#send(view, ofView.slice(from, from + MAX_ROWS_PER_PUSH));
      }
    }
  }

  async #send(view: PushedView, rows: readonly PushRow[]): Promise<void> {
    const body = JSON.stringify({ push_source_name: view.pushSource, df: columns(view, rows), to: 'online' });
    for (let attempt = 0; ; attempt += 1) {
      const fault = await this.#post(body);
      if (fault === undefined) return;
      const wait = this.#delays[attempt];
      if (wait === undefined) {
        throw new TransientError(
          'FEAST_UNAVAILABLE',
          `The feature server at ${this.#url} did not take ${rows.length} rows of ${view.name}: ${fault}. Is it up, and its Redis?`,
        );
      }
      this.#log.warn(
        { view: view.name, rows: rows.length, attempt: attempt + 1, retryInMs: wait, fault },
        'push failed; trying again',
      );
      await delay(wait);
    }
  }

  /** What went wrong, where trying again may help; undefined when the rows are online. */
  async #post(body: string): Promise<string | undefined> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#url}/push`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      text = await response.text();
    } catch (error) {
      const { message, cause } = error as Error;
      return cause instanceof Error ? `${message} (${cause.message})` : message;
    }
    if (response.ok) return undefined;
    if (mayRecover(response.status, text)) return `HTTP ${response.status}`;
    throw new PushRefusedError(`The feature server refuses a push with HTTP ${response.status}.`);
  }
}

/** 4xx is the request's fault, with two exceptions: too many requests, and a push source that the registry does not have yet. */
function mayRecover(status: number, text: string): boolean {
  if (status >= 500 || status === 408 || status === 429) return true;
  return text.includes('PushSourceNotFoundException');
}

function columns(view: PushedView, rows: readonly PushRow[]): Record<string, unknown[]> {
  return {
    [view.joinKey]: rows.map((row) => row.entity),
    event_timestamp: rows.map((row) => row.eventTimestamp),
    ...Object.fromEntries(view.features.map(({ name }, index) => [name, rows.map((row) => row.features[index])])),
  };
}
