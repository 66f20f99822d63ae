import { createHash } from 'node:crypto';
import { TributaryError } from '../../errors/index.ts';
import type { ByteRange, Lake, LakeObject, WriteOptions } from '../../lake/port.ts';

export type Operation = 'read' | 'write' | 'list' | 'remove' | 'copy';

/** Called around each request, before and after it takes effect; it may wait, or throw to simulate a crash or an outage. */
export type Interference = (moment: 'before' | 'after', operation: Operation, name: string) => Promise<void> | void;

/** What an object of that name was and is; undefined where there is none. */
export type Watcher = (name: string, before: Buffer | undefined, after: Buffer | undefined) => void;

export interface MemoryLakeOptions {
  /** Objects of one page of a listing: each page is a request, and others may act between them. */
  readonly pageSize?: number;
  /** What a token names: a version, as on GCS, or a content, as the ETags of MinIO. */
  readonly tokens?: 'version' | 'content';
  /** Told of every change at the moment it takes effect. */
  readonly watch?: Watcher;
}

interface Shared extends Required<MemoryLakeOptions> {
  readonly objects: Map<string, { body: Buffer; object: LakeObject }>;
  lastVersion: number;
}

/** A lake in memory that honours conditions as a store does. Views of one lake share its objects and differ in what interferes. */
export class MemoryLake implements Lake {
  readonly #interfere: Interference;
  readonly #shared: Shared;

  constructor(interfere: Interference = () => undefined, options: MemoryLakeOptions | MemoryLake = {}) {
    this.#interfere = interfere;
    this.#shared =
      options instanceof MemoryLake
        ? options.#shared
        : {
            pageSize: 1_000,
            tokens: 'version',
            watch: () => undefined,
            ...options,
            objects: new Map(),
            lastVersion: 1_700_000_000_000,
          };
  }

  /** The same objects, with other interference. */
  seenThrough(interfere: Interference): MemoryLake {
    return new MemoryLake(interfere, this);
  }

  async read(bucket: string, name: string): Promise<{ body: Buffer; object: LakeObject } | undefined> {
    return this.#around('read', name, () => this.#shared.objects.get(`${bucket}/${name}`));
  }

  async bytes(bucket: string, name: string, range?: ByteRange): Promise<Buffer | undefined> {
    return this.#around('read', name, () =>
      this.#shared.objects.get(`${bucket}/${name}`)?.body.subarray(range?.from, range?.to),
    );
  }

  async write(
    bucket: string,
    name: string,
    body: Buffer | string,
    { ifAbsent, ifMatch }: WriteOptions = {},
  ): Promise<LakeObject> {
    return this.#around('write', name, () => {
      const present = this.#shared.objects.get(`${bucket}/${name}`);
      if ((ifAbsent && present) || (ifMatch !== undefined && present?.object.token !== ifMatch)) {
        throw new TributaryError('PRECONDITION_FAILED', 'transient', `${name} is not what the condition says`);
      }
      return this.#put(bucket, name, Buffer.from(body));
    });
  }

  async *list(bucket: string, prefix: string, options: { after?: string | undefined } = {}): AsyncIterable<LakeObject> {
    let after = options.after ?? '';
    for (;;) {
      const page = await this.#around('list', prefix, () =>
        [...this.#shared.objects.values()]
          .map(({ object }) => object)
          .filter((object) => object.bucket === bucket && object.name.startsWith(prefix) && object.name > after)
          .sort((a, b) => (a.name < b.name ? -1 : 1))
          .slice(0, this.#shared.pageSize),
      );
      yield* page;
      if (page.length < this.#shared.pageSize) return;
      after = page.at(-1)!.name;
    }
  }

  async remove(bucket: string, name: string): Promise<void> {
    await this.#around('remove', name, () => {
      const present = this.#shared.objects.get(`${bucket}/${name}`);
      this.#shared.objects.delete(`${bucket}/${name}`);
      if (present) this.#shared.watch(name, present.body, undefined);
    });
  }

  /** One after the other, as a crash may come between any two. */
  async removeAll(bucket: string, names: readonly string[]): Promise<void> {
    for (const name of names) await this.remove(bucket, name);
  }

  /** It keeps none. */
  async removeOldVersions(): Promise<number> {
    return 0;
  }

  async copy(bucket: string, from: string, to: string): Promise<LakeObject | undefined> {
    return this.#around('copy', to, () => {
      const source = this.#shared.objects.get(`${bucket}/${from}`);
      return source && this.#put(bucket, to, source.body);
    });
  }

  uri(bucket: string, name: string): string {
    return `gs://${bucket}/${name}`;
  }

  #put(bucket: string, name: string, body: Buffer): LakeObject {
    const before = this.#shared.objects.get(`${bucket}/${name}`)?.body;
    this.#shared.lastVersion += 1;
    const generation = String(this.#shared.lastVersion);
    const token = this.#shared.tokens === 'version' ? generation : createHash('md5').update(body).digest('hex');
    const object = { bucket, name, generation, token, size: body.length };
    this.#shared.objects.set(`${bucket}/${name}`, { body, object });
    this.#shared.watch(name, before, body);
    return object;
  }

  async #around<T>(operation: Operation, name: string, effect: () => T): Promise<T> {
    await this.#interfere('before', operation, name);
    const result = effect();
    await this.#interfere('after', operation, name);
    return result;
  }
}
