import { TransientError, UserError } from '@tributary/platform/errors';
import { Client } from 'minio';
import type { RegistryBytes, RegistrySource } from './source.ts';

/** A registry.db in a bucket that speaks S3. */
export class S3Source implements RegistrySource {
  readonly uri: string;
  readonly #bucket: string;
  readonly #object: string;
  readonly #client: Client;

  constructor(
    uri: string,
    bucket: string,
    object: string,
    { endpoint, accessKey, secretKey }: { endpoint: string; accessKey: string; secretKey: string },
  ) {
    this.uri = uri;
    this.#bucket = bucket;
    this.#object = object;
    const url = new URL(endpoint);
    const useSSL = url.protocol === 'https:';
    this.#client = new Client({
      endPoint: url.hostname,
      port: url.port === '' ? (useSSL ? 443 : 80) : Number(url.port),
      useSSL,
      accessKey,
      secretKey,
    });
  }

  async read(known: string | undefined): Promise<RegistryBytes | undefined> {
    try {
      const before = await this.#version();
      if (before === known) return undefined;
      const chunks: Buffer[] = [];
      for await (const chunk of await this.#client.getObject(this.#bucket, this.#object)) chunks.push(chunk as Buffer);
      // The client does not say which version it gave; if it is not the one that was asked about, the next look finds out.
      return { bytes: Buffer.concat(chunks), version: before };
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'NotFound' || code === 'NoSuchKey' || code === 'NoSuchBucket') {
        throw new UserError(
          'REGISTRY_MISSING',
          `There is no registry at ${this.uri}; run \`feast apply\`, or set FEAST_REGISTRY to where it is.`,
          { cause: error },
        );
      }
      throw new TransientError('REGISTRY_UNAVAILABLE', `The bucket did not give ${this.uri}.`, { cause: error });
    }
  }

  async #version(): Promise<string> {
    const { etag, lastModified } = await this.#client.statObject(this.#bucket, this.#object);
    return `${etag}-${lastModified.getTime()}`;
  }
}
