import type { Lake } from '@tributary/platform/lake';
import { parquetReadObjects } from 'hyparquet';
import pLimit from 'p-limit';

const CONCURRENT_READS = 8;

/** What one lake object holds, as far as completeness is concerned. */
interface FileContent {
  readonly stream: string;
  readonly ids: readonly string[];
  readonly reason?: string;
}

/** The event ids in one layer of the lake. */
export interface LayerContent {
  readonly objects: number;
  readonly rowsByStream: ReadonlyMap<string, number>;
  readonly idsByStream: ReadonlyMap<string, ReadonlySet<string>>;
  /** Dead letters only. */
  readonly countByReason: ReadonlyMap<string, number>;
}

/** Column of the event id in each layer. docs/interfaces.md#lake */
const ID_COLUMN = { raw: 'event_id', processed: '_event_id' } as const;

/**
 * Reads event ids out of the lake as they arrive. Objects never change once they are there, so each is read once, however often the content is asked for.
 */
export class LakeContent {
  readonly #lake: Lake;
  readonly #bucket: string;
  readonly #read = new Map<string, FileContent>();

  constructor(lake: Lake, bucket: string) {
    this.#lake = lake;
    this.#bucket = bucket;
  }

  /** Names of the finished objects below a prefix. */
  async names(prefix: string): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of this.#lake.list(this.#bucket, prefix)) {
      if (/(\/part-[^/]*\.parquet|\.json)$/.test(name)) names.push(name);
    }
    return names;
  }

  async layer(layer: 'raw' | 'processed' | 'dead-letter'): Promise<LayerContent> {
    const names = await this.names(`${layer}/`);
    const limit = pLimit(CONCURRENT_READS);
    const files = await Promise.all(names.map((name) => limit(() => this.#file(layer, name))));
    const rowsByStream = new Map<string, number>();
    const idsByStream = new Map<string, Set<string>>();
    const countByReason = new Map<string, number>();
    for (const { stream, ids, reason } of files) {
      rowsByStream.set(stream, (rowsByStream.get(stream) ?? 0) + ids.length);
      const known = idsByStream.get(stream) ?? new Set<string>();
      for (const id of ids) known.add(id);
      idsByStream.set(stream, known);
      if (reason !== undefined) countByReason.set(reason, (countByReason.get(reason) ?? 0) + 1);
    }
    return { objects: names.length, rowsByStream, idsByStream, countByReason };
  }

  async #file(layer: 'raw' | 'processed' | 'dead-letter', name: string): Promise<FileContent> {
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const body = await this.#lake.bytes(this.#bucket, name);
    if (body === undefined) throw new Error(`${name} was listed and is gone`);
    const stream = name.split('/')[1] ?? '';
    let content: FileContent;
    if (layer === 'dead-letter') {
      const letter = JSON.parse(body.toString('utf8')) as {
        event_id: string | null;
        dead_letter_id: string;
        reason: string;
      };
      content = { stream, ids: [letter.event_id ?? letter.dead_letter_id], reason: letter.reason };
    } else {
      const column = ID_COLUMN[layer];
      const rows = await parquetReadObjects({ file: arrayBuffer(body), columns: [column] });
      // A message that nothing could be read of has no event id; its place stands for it.
      content = { stream, ids: rows.map((row, index) => String(row[column] ?? `${name}#${index}`)) };
    }
    this.#read.set(name, content);
    return content;
  }
}

function arrayBuffer(buffer: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(buffer.byteLength);
  new Uint8Array(copy).set(buffer);
  return copy;
}
