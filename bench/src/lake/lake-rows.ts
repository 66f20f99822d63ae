import { type AsyncBuffer, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import type { Client } from 'minio';
import pLimit from 'p-limit';

const CONCURRENT_READS = 8;

/** Rows of each part of the lake that a run must fill. */
export interface LakeRows {
  readonly raw: number;
  readonly orderLines: number;
  readonly products: number;
  readonly deadLetters: number;
}

const LAYERS = {
  raw: { prefix: 'raw/', id: 'event_id' },
  orderLines: { prefix: 'processed/order_lines/', id: '_event_id' },
  products: { prefix: 'processed/products/', id: '_event_id' },
  deadLetters: { prefix: 'dead-letter/', id: null },
} as const;

/** Counts what a bucket holds. Objects never change once they are there, so each is opened once however often it is asked. */
export class RowCounter {
  readonly #client: Client;
  readonly #bucket: string;
  readonly #rows = new Map<string, number>();

  constructor(client: Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async count(): Promise<LakeRows> {
    const layer = async (name: keyof typeof LAYERS): Promise<number> => {
      const limit = pLimit(CONCURRENT_READS);
      const objects = await this.#objects(LAYERS[name].prefix);
      const rows = await Promise.all(objects.map((object) => limit(() => this.#rowsOf(object, name))));
      return rows.reduce((sum, count) => sum + count, 0);
    };
    const [raw, orderLines, products, deadLetters] = await Promise.all([
      layer('raw'),
      layer('orderLines'),
      layer('products'),
      layer('deadLetters'),
    ]);
    return { raw, orderLines, products, deadLetters };
  }

  /** Distinct event ids of a layer: as many as rows, if none is there twice. Rows without one count as one each. */
  async distinctIds(name: 'raw' | 'orderLines'): Promise<number> {
    const { prefix, id } = LAYERS[name];
    const known = new Set<number>();
    let without = 0;
    const limit = pLimit(2);
    const objects = await this.#objects(prefix);
    await Promise.all(
      objects.map((object) =>
        limit(async () => {
          const rows = await parquetReadObjects({ file: await this.#file(object), columns: [id] });
          for (const row of rows) {
            if (typeof row[id] === 'string') known.add(shortId(row[id]));
            else without += 1;
          }
        }),
      ),
    );
    return known.size + without;
  }

  async #objects(prefix: string): Promise<{ name: string; size: number }[]> {
    const objects: { name: string; size: number }[] = [];
    for await (const { name, size } of this.#client.listObjectsV2(this.#bucket, prefix, true)) {
      if (name !== undefined && (/\/part-[^/]*$/.test(name) || name.endsWith('.json'))) objects.push({ name, size });
    }
    return objects;
  }

  async #rowsOf(object: { name: string; size: number }, layer: keyof typeof LAYERS): Promise<number> {
    const known = this.#rows.get(object.name);
    if (known !== undefined) return known;
    let rows: number;
    if (layer === 'deadLetters') {
      const text = (await this.#read(object.name, 0, object.size)).toString('utf8');
      rows = text.split('\n').filter((line) => line.trim() !== '').length;
    } else {
      rows = Number((await parquetMetadataAsync(await this.#lazyFile(object))).num_rows);
    }
    this.#rows.set(object.name, rows);
    return rows;
  }

  /** Only what is asked for: a footer is a few kilobytes of a file of many megabytes. */
  async #lazyFile({ name, size }: { name: string; size: number }): Promise<AsyncBuffer> {
    return {
      byteLength: size,
      slice: async (start, end = size) => arrayBuffer(await this.#read(name, start, end - start)),
    };
  }

  async #file({ name, size }: { name: string; size: number }): Promise<AsyncBuffer> {
    const whole = arrayBuffer(await this.#read(name, 0, size));
    return { byteLength: size, slice: (start, end) => whole.slice(start, end) };
  }

  async #read(name: string, start: number, length: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.#client.getPartialObject(this.#bucket, name, start, length))
      chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }
}

/** The first 52 bits of an id of hex digits: of four million ids two share them once in five hundred runs. */
export function shortId(id: string): number {
  return Number.parseInt(id.slice(0, 13), 16);
}

function arrayBuffer(buffer: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(buffer.byteLength);
  new Uint8Array(copy).set(buffer);
  return copy;
}
