import type { File, Storage } from '@google-cloud/storage';
import pLimit from 'p-limit';
import pRetry from 'p-retry';
import { lakeError, retried } from './errors.ts';
import type { ByteRange, Lake, LakeObject, WriteOptions } from './port.ts';

export interface GcsSettings {
  readonly projectId: string;
  /** Of a stand-in; absent in the cloud. */
  readonly endpoint?: string | undefined;
}

/** How often `read` starts over because the object was replaced between its two requests. */
const READ_ATTEMPTS = 10;

/** The store has no request that removes many objects, so that many are under way at a time. */
const CONCURRENT_REMOVALS = 32;

/** What it says of a missing bucket, in the same 404 as of a missing object. */
const MISSING_BUCKET = /specified bucket does not exist/i;

/** Writes of one object came faster than one a second; this one did nothing. https://cloud.google.com/storage/quotas#objects */
const TOO_MANY_REQUESTS = 429;

/** The range begins at or beyond the object's end. */
const RANGE_NOT_SATISFIABLE = 416;

/**
 * The lake on Google Cloud Storage. Tokens are generations, so a condition names one exact content. Conditional writes are never repeated by this class (as with
 * MinioLake: a repetition could mistake its own first attempt for another writer), unless the store says that it did not take them up: it lets an object, such
 * as a lease, be written about once a second.
 */
export class GcsLake implements Lake {
  readonly #settings: GcsSettings;
  #storage: Promise<Storage> | undefined;

  constructor(settings: GcsSettings) {
    this.#settings = settings;
  }

  async read(bucket: string, name: string): Promise<{ body: Buffer; object: LakeObject } | undefined> {
    const storage = await this.#connect();
    for (let attempt = 1; attempt <= READ_ATTEMPTS; attempt += 1) {
      const object = await this.#found(bucket, name, async () => {
        const [metadata] = await storage.bucket(bucket).file(name).getMetadata();
        return describe(bucket, { name, ...metadata });
      });
      if (!object) return undefined;
      // Pinned to the generation just seen: a newer one in between makes it vanish, never mix.
      const body = await this.#found(bucket, name, async () => {
        const [content] = await storage.bucket(bucket).file(name, { generation: object.generation }).download();
        return content;
      });
      if (body) return { body, object };
    }
    const busy = new Error(`it changed ${READ_ATTEMPTS} times while it was read`);
    throw lakeError('read', this.uri(bucket, name), undefined, busy);
  }

  async bytes(bucket: string, name: string, range?: ByteRange): Promise<Buffer | undefined> {
    if (range && range.to <= range.from) return Buffer.alloc(0);
    const storage = await this.#connect();
    return this.#found(bucket, name, async () => {
      try {
        // `end` is included.
        const part = range ? { start: range.from, end: range.to - 1, validation: false } : {};
        const [content] = await storage.bucket(bucket).file(name).download(part);
        return content;
      } catch (error) {
        if (range && statusOf(error) === RANGE_NOT_SATISFIABLE) return Buffer.alloc(0);
        throw error;
      }
    });
  }

  async write(bucket: string, name: string, body: Buffer | string, options: WriteOptions = {}): Promise<LakeObject> {
    const storage = await this.#connect();
    const file = storage.bucket(bucket).file(name);
    const generation = options.ifAbsent ? 0 : options.ifMatch;
    const save = () =>
      this.#attempt('write', bucket, name, () =>
        file.save(body, {
          resumable: false,
          contentType: options.contentType ?? 'application/octet-stream',
          ...(generation === undefined ? {} : { preconditionOpts: { ifGenerationMatch: generation } }),
        }),
      );
    await (generation === undefined ? retried(save) : whileTooMany(save));
    return describe(bucket, { name, size: Buffer.byteLength(body), ...writtenGeneration(file) });
  }

  async *list(
    bucket: string,
    prefix: string,
    { after }: { after?: string | undefined } = {},
  ): AsyncIterable<LakeObject> {
    const storage = await this.#connect();
    let pageToken: string | undefined;
    do {
      const query = {
        ...{ prefix, autoPaginate: false },
        ...(after ? { startOffset: after } : {}),
        ...(pageToken ? { pageToken } : {}),
      };
      const [files, next] = await retried(() =>
        this.#attempt('list', bucket, prefix, () => storage.bucket(bucket).getFiles(query)),
      );
      // The offset itself is included. https://cloud.google.com/storage/docs/json_api/v1/objects/list
      for (const file of files) if (file.name !== after) yield describe(bucket, { ...file.metadata, name: file.name });
      pageToken = (next as { pageToken?: string } | null)?.pageToken;
    } while (pageToken);
  }

  async remove(bucket: string, name: string): Promise<void> {
    const storage = await this.#connect();
    await this.#found(bucket, name, () => storage.bucket(bucket).file(name).delete(), 'remove');
  }

  async removeAll(bucket: string, names: readonly string[]): Promise<void> {
    await pLimit(CONCURRENT_REMOVALS).map(names, (name) => this.remove(bucket, name));
  }

  async removeOldVersions(bucket: string, prefix: string, { countOnly = false } = {}): Promise<number> {
    const storage = await this.#connect();
    let count = 0;
    let pageToken: string | undefined;
    do {
      const query = { prefix, versions: true, autoPaginate: false, ...(pageToken ? { pageToken } : {}) };
      const [files, next] = await retried(() =>
        this.#attempt('list versions', bucket, prefix, () => storage.bucket(bucket).getFiles(query)),
      );
      // https://cloud.google.com/storage/docs/json_api/v1/objects#timeDeleted
      for (const { name, metadata } of files.filter(({ metadata }) => metadata.timeDeleted !== undefined)) {
        count += 1;
        const generation = metadata.generation!;
        const version = storage.bucket(bucket).file(name, { generation });
        if (!countOnly) await this.#found(bucket, name, () => version.delete(), 'remove a version of');
      }
      pageToken = (next as { pageToken?: string } | null)?.pageToken;
    } while (pageToken);
    return count;
  }

  async copy(bucket: string, from: string, to: string): Promise<LakeObject | undefined> {
    const storage = await this.#connect();
    const target = storage.bucket(bucket).file(to);
    // Cloud Storage copies large objects in several answers; the client asks until it is done.
    const [copied] =
      (await this.#found(bucket, from, () => storage.bucket(bucket).file(from).copy(target), 'copy')) ?? [];
    if (!copied) return undefined;
    const [metadata] = await retried(() => this.#attempt('look up', bucket, to, () => copied.getMetadata()));
    return describe(bucket, { ...metadata, name: to });
  }

  uri(bucket: string, name: string): string {
    return `gs://${bucket}/${name}`;
  }

  /** Undefined where the object does not exist. */
  #found<T>(bucket: string, name: string, call: () => Promise<T>, action = 'read'): Promise<T | undefined> {
    return retried(() =>
      this.#attempt(action, bucket, name, async () => {
        try {
          return await call();
        } catch (error) {
          if (statusOf(error) === 404 && !MISSING_BUCKET.test((error as Error).message)) return undefined;
          throw error;
        }
      }),
    );
  }

  async #attempt<T>(action: string, bucket: string, name: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw lakeError(action, this.uri(bucket, name), statusOf(error), error);
    }
  }

  /** Loaded on first use: a process with the other store should not pay for it at every cold start. */
  #connect(): Promise<Storage> {
    this.#storage ??= import('@google-cloud/storage').then(({ Storage }) => {
      const { projectId, endpoint } = this.#settings;
      return new Storage({
        projectId,
        ...(endpoint ? { apiEndpoint: endpoint } : {}),
        retryOptions: { autoRetry: false },
      });
    });
    return this.#storage;
  }
}

/** Repeats a write that the store refused unseen, for some seconds. */
function whileTooMany<T>(write: () => Promise<T>): Promise<T> {
  return pRetry(write, {
    retries: 4,
    minTimeout: 400,
    factor: 2,
    randomize: true,
    shouldRetry: ({ error }) => statusOf(error.cause) === TOO_MANY_REQUESTS,
  });
}

function writtenGeneration(file: File): { generation: string | number } {
  const { generation } = file.metadata;
  if (generation === undefined) throw new Error(`Cloud Storage did not tell the generation of ${file.name} it wrote`);
  return { generation };
}

function statusOf(error: unknown): number | undefined {
  const { code, status: other } = (error ?? {}) as { code?: unknown; status?: unknown };
  const status = Number(code ?? other);
  return Number.isInteger(status) ? status : undefined;
}

function describe(
  bucket: string,
  metadata: { name: string; generation?: string | number; size?: string | number },
): LakeObject {
  const generation = String(metadata.generation);
  return { bucket, name: metadata.name, generation, token: generation, size: Number(metadata.size) };
}
