import { TransientError, UserError } from '@tributary/platform/errors';
import type { RegistryBytes, RegistrySource } from './source.ts';

const READ_ONLY = 'https://www.googleapis.com/auth/devstorage.read_only';
const TIMEOUT_MS = 10_000;

/** A registry.db in Cloud Storage, by its JSON API: one request, which answers 304 while the generation is the known one. */
export class GcsSource implements RegistrySource {
  readonly uri: string;
  readonly #url: string;
  readonly #authenticated: boolean;
  #token: (() => Promise<string | null | undefined>) | undefined;

  constructor(uri: string, bucket: string, object: string, endpoint: string | undefined) {
    this.uri = uri;
    // https://cloud.google.com/storage/docs/json_api/v1/objects/get
    this.#url = `${endpoint ?? 'https://storage.googleapis.com'}/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(object)}`;
    this.#authenticated = endpoint === undefined;
  }

  async read(known: string | undefined): Promise<RegistryBytes | undefined> {
    const condition = known === undefined ? '' : `&ifGenerationNotMatch=${encodeURIComponent(known)}`;
    let response: Response;
    let bytes: Buffer;
    try {
      const headers: Record<string, string> = {};
      if (this.#authenticated) headers.authorization = `Bearer ${await this.#accessToken()}`;
      response = await fetch(`${this.#url}?alt=media${condition}`, {
        headers,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      bytes = Buffer.from(await response.arrayBuffer());
    } catch (error) {
      throw new TransientError('REGISTRY_UNAVAILABLE', `Cloud Storage did not give ${this.uri}.`, { cause: error });
    }
    if (response.status === 304) return undefined;
    if (response.status === 404) {
      throw new UserError(
        'REGISTRY_MISSING',
        `There is no registry at ${this.uri}; run \`feast apply\`, or set FEAST_REGISTRY to where it is.`,
      );
    }
    const version = response.headers.get('x-goog-generation');
    if (!response.ok || version === null) {
      throw new TransientError(
        'REGISTRY_UNAVAILABLE',
        `Cloud Storage answers HTTP ${response.status} for ${this.uri}; may this service account read it?`,
      );
    }
    // An emulator may not know the condition.
    return version === known ? undefined : { bytes, version };
  }

  async #accessToken(): Promise<string> {
    if (!this.#token) {
      const { GoogleAuth } = await import('google-auth-library');
      const auth = new GoogleAuth({ scopes: [READ_ONLY] });
      this.#token = () => auth.getAccessToken();
    }
    const token = await this.#token();
    if (!token) throw new Error('no access token');
    return token;
  }
}
