import { Agent, type AgentOptions } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { Client } from 'minio';
import { TributaryError } from '../errors/index.ts';
import { lakeError, retried } from './errors.ts';
import type { ByteRange, Lake, LakeObject, WriteOptions } from './port.ts';

export interface MinioSettings {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** MinIO's own default; given, it spares a request for each bucket. */
const REGION = 'us-east-1';

/** Whatever fits one request is sent as one: a condition would not hold for parts. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PUT_BYTES = 5 * 1024 ** 3;

/** Keys of one page of a listing. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
const PAGE_SIZE = 1_000;

/** Names of one request. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const MAX_REMOVED_TOGETHER = 1_000;

/** A socket on which nothing moves for that long is given up, so that no call waits for ever. */
const SOCKET_TIMEOUT_MS = 30_000;

/** How often `read` starts over because the object was replaced between its two requests. */
const READ_ATTEMPTS = 10;

/**
 * The lake on MinIO, or any S3 store with conditional writes.
 *
 * Only listings (and notifications) tell an object's time to the millisecond; reading and writing answer whole seconds or nothing. So reads and writes
 * look their object up in a listing of one, and the ETag ties the two answers together.
 * Conditional writes are never repeated by this class: had the first attempt been stored and only its answer lost, the second would be told that another
 * writer was first. They end in LAKE_UNAVAILABLE instead, and the caller reads what became of it.
 */
export class MinioLake implements Lake {
  readonly #settings: MinioSettings;
  #client: Promise<Client> | undefined;

  constructor(settings: MinioSettings) {
    this.#settings = settings;
  }

  async read(bucket: string, name: string): Promise<{ body: Buffer; object: LakeObject } | undefined> {
    for (let attempt = 1; attempt <= READ_ATTEMPTS; attempt += 1) {
      const content = await retried(() => this.#get(bucket, name));
      if (!content) return undefined;
      const object = await retried(() => this.#lookUp(bucket, name));
      if (object?.token === content.token) return { body: content.body, object };
    }
    const busy = new Error(`it changed ${READ_ATTEMPTS} times while it was read`);
    throw lakeError('read', this.uri(bucket, name), undefined, busy);
  }

  async bytes(bucket: string, name: string, range?: ByteRange): Promise<Buffer | undefined> {
    if (range && range.to <= range.from) return Buffer.alloc(0);
    return (await retried(() => this.#get(bucket, name, range)))?.body;
  }

  async write(bucket: string, name: string, body: Buffer | string, options: WriteOptions = {}): Promise<LakeObject> {
    const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
    const headers: Record<string, string> = { 'content-type': options.contentType ?? 'application/octet-stream' };
    if (options.ifAbsent) headers['if-none-match'] = '*';
    if (options.ifMatch !== undefined) headers['if-match'] = `"${options.ifMatch}"`;
    const isConditional = options.ifAbsent || options.ifMatch !== undefined;
    const put = () => this.#put(bucket, name, bytes, headers);
    const written = await (isConditional ? put() : retried(put));
    const object = await retried(() => this.#lookUp(bucket, name));
    if (object?.token === written.token) return object;
    // Replaced or removed already: the time of what was written is known to the second only.
    return {
      bucket,
      name,
      generation: String(Math.floor(written.at / 1_000) * 1_000),
      token: written.token,
      size: bytes.length,
    };
  }

  async *list(
    bucket: string,
    prefix: string,
    { after = '' }: { after?: string | undefined } = {},
  ): AsyncIterable<LakeObject> {
    const client = await this.#connect();
    let continuation = '';
    do {
      const page = await this.#call('list', bucket, prefix, () =>
        client.listObjectsV2Query(bucket, prefix, continuation, '', PAGE_SIZE, after),
      );
      for (const item of page.objects) if (item.name !== undefined) yield describe(bucket, item);
      continuation = page.isTruncated ? page.nextContinuationToken : '';
    } while (continuation !== '');
  }

  async remove(bucket: string, name: string): Promise<void> {
    const client = await this.#connect();
    await retried(() => this.#attempt('remove', bucket, name, () => client.removeObject(bucket, name)));
  }

  async removeAll(bucket: string, names: readonly string[]): Promise<void> {
    const client = await this.#connect();
    for (let from = 0; from < names.length; from += MAX_REMOVED_TOGETHER) {
      const part = names.slice(from, from + MAX_REMOVED_TOGETHER);
      await this.#call('remove', bucket, part[0]!, async () => {
        // The answer names what could not be removed; what is not there counts as removed.
        const refused = (await client.removeObjects(bucket, part)).find((item) => item?.Error)?.Error;
        if (refused) throw Object.assign(new Error(refused.Message), { code: refused.Code });
      });
    }
  }

  async removeOldVersions(bucket: string, prefix: string, { countOnly = false } = {}): Promise<number> {
    const client = await this.#connect();
    const versions = await this.#call('list versions', bucket, prefix, async () => {
      const found: Version[] = [];
      for await (const item of client.listObjects(bucket, prefix, true, { IncludeVersion: true }))
        found.push(item as Version);
      return found;
    });
    // A marker says that the object is removed; without other versions it says nothing.
    const old = versions.filter(({ isLatest, isDeleteMarker }) => !isLatest || isDeleteMarker);
    for (const { name, versionId } of countOnly ? [] : old) {
      await this.#call('remove a version of', bucket, name, () => client.removeObject(bucket, name, { versionId }));
    }
    return old.length;
  }

  async copy(bucket: string, from: string, to: string): Promise<LakeObject | undefined> {
    const client = await this.#connect();
    const copied = await retried(() =>
      this.#attempt('copy', bucket, from, async () => {
        try {
          return await client.copyObject(bucket, to, `/${bucket}/${from}`);
        } catch (error) {
          if (codeOf(error) === 'NoSuchKey') return undefined;
          throw error;
        }
      }),
    );
    return copied && retried(() => this.#lookUp(bucket, to));
  }

  uri(bucket: string, name: string): string {
    return `gs://${bucket}/${name}`;
  }

  async #get(bucket: string, name: string, range?: ByteRange): Promise<{ body: Buffer; token: string } | undefined> {
    const client = await this.#connect();
    return this.#attempt('read', bucket, name, async () => {
      try {
        const stream = range
          ? await client.getPartialObject(bucket, name, range.from, range.to - range.from)
          : await client.getObject(bucket, name);
        const { headers } = stream as unknown as { headers: Record<string, string> };
        return { body: await buffer(stream), token: (headers.etag ?? '').replaceAll('"', '') };
      } catch (error) {
        if (codeOf(error) === 'NoSuchKey') return undefined;
        // The range begins at or beyond the end.
        if (range && codeOf(error) === 'InvalidRange') return { body: Buffer.alloc(0), token: '' };
        throw error;
      }
    });
  }

  async #put(bucket: string, name: string, body: Buffer, headers: Record<string, string>) {
    const client = await this.#connect();
    return this.#attempt('write', bucket, name, async () => {
      try {
        const { etag } = await client.putObject(bucket, name, body, body.length, headers);
        return { token: etag, at: Date.now() };
      } catch (error) {
        // If-Match on an object that was removed.
        if (codeOf(error) === 'NoSuchKey') throw lakeError('write', this.uri(bucket, name), 412, error);
        throw error;
      }
    });
  }

  /** The object as a listing tells it: the first name with a prefix is the prefix itself. */
  async #lookUp(bucket: string, name: string): Promise<LakeObject | undefined> {
    const client = await this.#connect();
    const page = await this.#attempt('look up', bucket, name, () =>
      client.listObjectsV2Query(bucket, name, '', '', 1, ''),
    );
    const item = page.objects[0];
    return item?.name === name ? describe(bucket, item) : undefined;
  }

  #call<T>(action: string, bucket: string, name: string, call: () => Promise<T>): Promise<T> {
    return retried(() => this.#attempt(action, bucket, name, call));
  }

  async #attempt<T>(action: string, bucket: string, name: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof TributaryError) throw error;
      throw lakeError(action, this.uri(bucket, name), statusOf(error), error, codeOf(error) === 'NoSuchBucket');
    }
  }

  #connect(): Promise<Client> {
    this.#client ??= import('minio').then(({ Client }) => {
      const { protocol, hostname, port } = new URL(this.#settings.endpoint);
      const useSSL = protocol === 'https:';
      const agent: AgentOptions = { keepAlive: true, maxSockets: 64, timeout: SOCKET_TIMEOUT_MS };
      return new Client({
        endPoint: hostname,
        port: Number(port || (useSSL ? 443 : 80)),
        useSSL,
        region: REGION,
        accessKey: this.#settings.accessKey,
        secretKey: this.#settings.secretKey,
        transportAgent: useSSL ? new SecureAgent(agent) : new Agent(agent),
        partSize: MAX_PUT_BYTES,
        retryOptions: { disableRetry: true },
      });
    });
    return this.#client;
  }
}

/** What a listing of versions tells, which the client's types leave out. */
interface Version {
  readonly name: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
}

/** The client's errors carry S3's code but not the HTTP status. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList */
const STATUS: Readonly<Record<string, number>> = {
  PreconditionFailed: 412,
  ConditionalRequestConflict: 409,
  AccessDenied: 403,
  InvalidAccessKeyId: 403,
  SignatureDoesNotMatch: 403,
  EntityTooLarge: 400,
  KeyTooLongError: 400,
};

/** S3 and MinIO name what is wrong with a request in many codes, all of this form. */
const BAD_REQUEST = /^(XMinio)?Invalid/;

function statusOf(error: unknown): number | undefined {
  const code = codeOf(error) ?? '';
  return STATUS[code] ?? (BAD_REQUEST.test(code) ? 400 : undefined);
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

function describe(bucket: string, item: { name: string; etag: string; size: number; lastModified: Date }): LakeObject {
  return {
    bucket,
    name: item.name,
    generation: String(item.lastModified.getTime()),
    token: item.etag,
    size: item.size,
  };
}
