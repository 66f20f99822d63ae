import type { Lake } from '@tributary/platform/lake';
import { parquetMetadataAsync } from 'hyparquet';
import pLimit from 'p-limit';
import type { LoadObject } from './object.ts';

/** Footers read at a time. */
const CONCURRENT_READS = 32;
/** The last bytes of a file, read at once: footers of some dozen columns are smaller, and small files are read whole. Larger footers take a second request. */
const FIRST_READ_BYTES = 32 * 1024;

/** What a file says of itself. */
export type Footer =
  | { readonly kind: 'parquet'; readonly rows: number }
  /** No Parquet, or cut off: BigQuery cannot read it either. */
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'gone' };

/** The footers of objects, each read once: how many rows an object has without reading them. */
export class Footers {
  readonly #lake: Lake;
  readonly #bucket: string;
  readonly #limit = pLimit(CONCURRENT_READS);
  readonly #read = new Map<LoadObject, Promise<Footer>>();

  constructor(lake: Lake, bucket: string) {
    this.#lake = lake;
    this.#bucket = bucket;
  }

  /**
   * The footers of these objects, in their order.
   *
   * @throws {TransientError} LAKE_UNAVAILABLE
   */
  async of(objects: readonly LoadObject[]): Promise<Footer[]> {
    return Promise.all(objects.map((object) => this.#of(object)));
  }

  /** Begins to read, so that a later `of` has less to wait for. What fails is told by `of`. */
  prefetch(objects: readonly LoadObject[]): void {
    for (const object of objects) this.#of(object).catch(() => undefined);
  }

  #of(object: LoadObject): Promise<Footer> {
    const known = this.#read.get(object);
    if (known) return known;
    const reading = this.#limit(() => readFooter(this.#lake, this.#bucket, object));
    this.#read.set(object, reading);
    return reading;
  }
}

class Gone extends Error {}

async function readFooter(lake: Lake, bucket: string, { name, size }: LoadObject): Promise<Footer> {
  let failure: unknown;
  const slice = async (from: number, to = size): Promise<ArrayBuffer> => {
    try {
      const bytes = await lake.bytes(bucket, name, { from, to });
      if (!bytes) throw new Gone();
      return new Uint8Array(bytes).buffer;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  try {
    const { num_rows } = await parquetMetadataAsync(
      { byteLength: size, slice },
      { initialFetchSize: FIRST_READ_BYTES },
    );
    return { kind: 'parquet', rows: Number(num_rows) };
  } catch (error) {
    if (failure instanceof Gone) return { kind: 'gone' };
    if (failure !== undefined) throw failure;
    return { kind: 'unreadable', why: (error as Error).message };
  }
}
