import { TributaryError } from '../../errors/index.ts';
import type { ByteRange, Lake, LakeObject, WriteOptions } from '../../lake/port.ts';

type Operation = 'read' | 'write' | 'list' | 'remove' | 'copy';

/** Called around each operation, before and after it takes effect; it may wait, or throw to simulate a crash or an outage. */
export type Interference = (moment: 'before' | 'after', operation: Operation, name: string) => Promise<void> | void;

/** A lake in memory that honours conditions as a store does. Views of one lake share its objects and differ in what interferes. */
export class MemoryLake implements Lake {
  readonly #objects: Map<string, { body: Buffer; object: LakeObject }>;
  readonly #interfere: Interference;
  readonly #versions: { last: number };

  constructor(interfere: Interference = () => undefined, shared?: MemoryLake) {
    this.#interfere = interfere;
    this.#objects = shared ? shared.#objects : new Map();
    this.#versions = shared ? shared.#versions : { last: 1_700_000_000_000 };
  }

  /** The same objects, with other interference. */
  seenThrough(interfere: Interference): MemoryLake {
    return new MemoryLake(interfere, this);
  }

  async read(bucket: string, name: string): Promise<{ body: Buffer; object: LakeObject } | undefined> {
    return this.#around('read', name, () => this.#objects.get(`${bucket}/${name}`));
  }

  async bytes(bucket: string, name: string, range?: ByteRange): Promise<Buffer | undefined> {
    return this.#around('read', name, () =>
      this.#objects.get(`${bucket}/${name}`)?.body.subarray(range?.from, range?.to),
    );
  }

  async write(
    bucket: string,
    name: string,
    body: Buffer | string,
    { ifAbsent, ifMatch }: WriteOptions = {},
  ): Promise<LakeObject> {
    return this.#around('write', name, () => {
      const present = this.#objects.get(`${bucket}/${name}`);
      if ((ifAbsent && present) || (ifMatch !== undefined && present?.object.token !== ifMatch)) {
        throw new TributaryError('PRECONDITION_FAILED', 'transient', `${name} is not what the condition says`);
      }
      this.#versions.last += 1;
      const version = String(this.#versions.last);
      const bytes = Buffer.from(body);
      const object = { bucket, name, generation: version, token: version, size: bytes.length };
      this.#objects.set(`${bucket}/${name}`, { body: bytes, object });
      return object;
    });
  }

  async *list(bucket: string, prefix: string): AsyncIterable<LakeObject> {
    const found = await this.#around('list', prefix, () =>
      [...this.#objects.values()]
        .map(({ object }) => object)
        .filter((object) => object.bucket === bucket && object.name.startsWith(prefix))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
    yield* found;
  }

  async remove(bucket: string, name: string): Promise<void> {
    await this.#around('remove', name, () => {
      this.#objects.delete(`${bucket}/${name}`);
    });
  }

  /** One after the other, as a crash may come between any two. */
  async removeAll(bucket: string, names: readonly string[]): Promise<void> {
    for (const name of names) await this.remove(bucket, name);
  }

  async copy(bucket: string, from: string, to: string): Promise<LakeObject | undefined> {
    return this.#around('copy', to, () => {
      const source = this.#objects.get(`${bucket}/${from}`);
      if (!source) return undefined;
      this.#versions.last += 1;
      const version = String(this.#versions.last);
      const object = { ...source.object, name: to, generation: version, token: version };
      this.#objects.set(`${bucket}/${to}`, { body: source.body, object });
      return object;
    });
  }

  uri(bucket: string, name: string): string {
    return `gs://${bucket}/${name}`;
  }

  async #around<T>(operation: Operation, name: string, effect: () => T): Promise<T> {
    await this.#interfere('before', operation, name);
    const result = effect();
    await this.#interfere('after', operation, name);
    return result;
  }
}
