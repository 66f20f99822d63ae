import type { Lake } from '../lake/port.ts';
import type { Logger } from '../log/index.ts';
import type { LineageEvent } from './events.ts';

/** Whoever collects lineage: Marquez, DataHub, Dataplex, … */
export interface LineageSettings {
  /** The receiver's base URL; without it lineage is in the lake only. */
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
}

export interface LineageStore {
  readonly lake: Lake;
  readonly bucket: string;
}

/** Where every receiver takes events. https://openlineage.io/apidocs/openapi */
const ENDPOINT = '/api/v1/lineage';
/** A receiver that is slower than this counts as away. */
const TIMEOUT_MS = 3_000;

/**
 * Keeps the events of a run in the lake, one a line, at `artifacts/openlineage/<name>.ndjson`; a repetition writes the same object.
 *
 * @throws what the lake throws.
 */
export async function keepLineage(
  { lake, bucket }: LineageStore,
  name: string,
  events: readonly LineageEvent[],
): Promise<void> {
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  await lake.write(bucket, `artifacts/openlineage/${name}.ndjson`, lines, { contentType: 'application/x-ndjson' });
}

/**
 * Posts the events in order to the receiver that is configured. A receiver that is away or refuses costs one try and a line of log: the events are in the lake, and the run
 * goes on.
 */
export async function sendLineage(
  { url, apiKey }: LineageSettings,
  events: readonly LineageEvent[],
  log: Logger,
  send: typeof fetch = fetch,
): Promise<void> {
  if (url === undefined) return;
  let sent = 0;
  try {
    for (const event of events) {
      const response = await send(`${url}${ENDPOINT}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        body: JSON.stringify(event),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`it answered ${response.status}`);
      sent += 1;
    }
  } catch (error) {
    log.warn(
      { sent, events: events.length, reason: (error as Error).message },
      'the receiver of lineage did not take all events',
    );
  }
}
