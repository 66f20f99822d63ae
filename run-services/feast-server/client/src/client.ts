import { setTimeout as delay } from 'node:timers/promises';
import { errorOf, FeastClientError } from './errors.ts';
import type { components, paths } from './generated/api.ts';
import { parseJson, stringifyJson } from './json.ts';

type Schemas = components['schemas'];
export type FeatureStatus = Schemas['FieldStatus'];

export interface FeastClientOptions {
  /** Such as `https://features.example.com`. */
  readonly url: string;
  readonly apiKey?: string;
  /** Asked before each request; the client keeps no token. */
  readonly token?: () => Promise<string> | string;
  /** Milliseconds for one attempt; default 2,000. The server is told, and gives up no later. */
  readonly timeoutMs?: number;
  /** Attempts after the first, where the server says 503 or does not answer; default 2. */
  readonly retries?: number;
}

/** What is asked for: features by name, or those of a service. */
export type FeatureQuery = {
  /** Values by join key, one for each row. */
  readonly entities: Readonly<Record<string, readonly (string | number | bigint)[]>>;
  readonly fullFeatureNames?: boolean;
  /** Default: the server's. */
  readonly semantics?: 'feast' | 'strict';
} & ({ readonly features: readonly string[] } | { readonly featureService: string });

/** One row of an answer, by name of the join key or feature. Integers beyond 2^53 are bigints. */
export interface FeatureRow {
  readonly values: Readonly<Record<string, unknown>>;
  readonly statuses: Readonly<Record<string, FeatureStatus>>;
  readonly eventTimestamps: Readonly<Record<string, string>>;
}

/** Columns by name, one value for each row, as Feast takes them. */
export type Columns = Readonly<Record<string, readonly unknown[]>>;

type Path = keyof paths;

/**
 * Talks to one feature server. Every method throws {@link FeastClientError}.
 *
 * Requests are repeated where the server says 503 or does not answer: reads change nothing, and a row that is pushed twice is the same row.
 */
export class FeastClient {
  readonly #url: string;
  readonly #options: FeastClientOptions;
  readonly #timeoutMs: number;
  readonly #retries: number;

  constructor(options: FeastClientOptions) {
    this.#url = options.url.replace(/\/+$/, '');
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 2_000;
    this.#retries = options.retries ?? 2;
  }

  /** The rows, in the order of the entities. */
  async getOnlineFeatures(query: FeatureQuery): Promise<FeatureRow[]> {
    const request: Schemas['GetOnlineFeaturesRequest'] = {
      entities: query.entities as Record<string, unknown[]>,
      full_feature_names: query.fullFeatureNames ?? false,
      include_feature_view_version_metadata: false,
      features: 'features' in query ? [...query.features] : [],
      ...('featureService' in query ? { feature_service: query.featureService } : {}),
    };
    const answer = await this.#post<Schemas['OnlineFeatures']>('/get-online-features', request, query.semantics);
    return rowsOf(answer);
  }

  /** Puts rows online for every view that the push source feeds; resolves when they are there, or older than what is. */
  async push(source: string, columns: Columns, options: { semantics?: 'feast' | 'strict' } = {}): Promise<void> {
    const request: Schemas['PushRequest'] = {
      push_source_name: source,
      df: columns as Record<string, unknown[]>,
      to: 'online',
      allow_registry_cache: true,
      transform_on_write: true,
    };
    await this.#post('/push', request, options.semantics);
  }

  /** Puts rows of one view online. */
  async writeToOnlineStore(
    view: string,
    columns: Columns,
    options: { semantics?: 'feast' | 'strict' } = {},
  ): Promise<void> {
    const request: Schemas['WriteRequest'] = {
      feature_view_name: view,
      df: columns as Record<string, unknown[]>,
      allow_registry_cache: true,
      transform_on_write: true,
    };
    await this.#post('/write-to-online-store', request, options.semantics);
  }

  async #post<T>(path: Path, request: object, semantics: string | undefined): Promise<T> {
    const url = `${this.#url}${path}${semantics === undefined ? '' : `?semantics=${semantics}`}`;
    const body = stringifyJson(request);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#attempt<T>(url, body);
      } catch (error) {
        if (!(error instanceof FeastClientError && error.isTransient) || attempt >= this.#retries) throw error;
        // Half of the second that the server asks for, on average: callers that were refused together must not come back together.
        await delay(Math.random() * 1_000);
      }
    }
  }

  async #attempt<T>(url: string, body: string): Promise<T> {
    const { apiKey, token } = this.#options;
    const headers = {
      'content-type': 'application/json',
      'x-envoy-expected-rq-timeout-ms': String(this.#timeoutMs),
      ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
      ...(token === undefined ? {} : { authorization: `Bearer ${await token()}` }),
    };
    let status: number;
    let text: string;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      status = response.status;
      text = await response.text();
    } catch (cause) {
      throw new FeastClientError(undefined, 'NO_ANSWER', `${url} did not answer.`, { cause });
    }
    const answer = read(text);
    if (status >= 400) throw errorOf(status, answer);
    return answer as T;
  }
}

function read(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Turns Feast's columns into rows. */
function rowsOf({ metadata, results }: Schemas['OnlineFeatures']): FeatureRow[] {
  const count = results[0]?.values.length ?? 0;
  const pick = <T>(row: number, of: (result: Schemas['FeatureVector']) => readonly T[] | undefined) =>
    Object.fromEntries(metadata.feature_names.map((name, index) => [name, of(results[index]!)?.[row] as T]));
  return Array.from({ length: count }, (_, row) => ({
    values: pick(row, ({ values }) => values),
    statuses: pick(row, ({ statuses }) => statuses),
    eventTimestamps: pick(row, ({ event_timestamps }) => event_timestamps),
  }));
}
