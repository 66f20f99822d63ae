/** Feast's response, as far as it is read here: metadata.feature_names in the order of results. */
interface OnlineResponse {
  readonly metadata: { readonly feature_names: readonly string[] };
  readonly results: readonly { readonly values: readonly unknown[]; readonly statuses: readonly string[] }[];
}

/** Entities per request: large enough to be quick, small enough that one answer is no burden. */
const ENTITIES_PER_REQUEST = 500;
/** The server may be restarting after a kill. */
const ATTEMPTS = 40;
const RETRY_DELAY_MS = 1_000;

/** Asks the feature server, as a model would, for features of many entities. Resolves to one row of features an entity, by entity key as text. */
export async function onlineFeatures(
  server: string,
  joinKey: string,
  view: string,
  features: readonly string[],
  entities: readonly (string | number)[],
): Promise<Map<string, Record<string, unknown>>> {
  const rows = new Map<string, Record<string, unknown>>();
  for (let start = 0; start < entities.length; start += ENTITIES_PER_REQUEST) {
    const batch = entities.slice(start, start + ENTITIES_PER_REQUEST);
    const response = await request(server, {
      features: features.map((feature) => `${view}:${feature}`),
      entities: { [joinKey]: batch },
    });
    const names = response.metadata.feature_names;
    batch.forEach((entity, index) => {
      rows.set(
        String(entity),
        Object.fromEntries(names.map((name, column) => [name, response.results[column]?.values[index] ?? null])),
      );
    });
  }
  return rows;
}

/** One request to `/get-online-features`; the body is Feast's. */
export async function request(server: string, body: object): Promise<OnlineResponse> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(`${server}/get-online-features`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      });
      if (response.ok) return (await response.json()) as OnlineResponse;
      if (response.status < 500 || attempt === ATTEMPTS)
        throw new Error(`the feature server answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
    } catch (error) {
      if (attempt === ATTEMPTS || (error as Error).message.startsWith('the feature server')) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
  }
}
