import type { Lake } from '@tributary/platform/lake';
import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';

export type Row = Readonly<Record<string, unknown>>;

/** One object of the lake. */
export interface LakeFile {
  readonly name: string;
  /** Of Parquet: its columns and rows. Of JSON: none, and the one value. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** Reads a lake again and again while it fills; an object never changes, so each is read once. */
export class LakeRows {
  readonly #lake: Lake;
  readonly #bucket: string;
  readonly #files = new Map<string, LakeFile>();

  constructor(lake: Lake, bucket: string) {
    this.#lake = lake;
    this.#bucket = bucket;
  }

  async names(prefix = ''): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of this.#lake.list(this.#bucket, prefix)) names.push(name);
    return names;
  }

  /** @param prefix of Parquet files, or of dead letters */
  async files(prefix: string): Promise<LakeFile[]> {
    const files: LakeFile[] = [];
    for (const name of await this.names(prefix)) {
      const file = this.#files.get(name) ?? (await this.#read(name));
      this.#files.set(name, file);
      files.push(file);
    }
    return files;
  }

  async rows(prefix: string): Promise<Row[]> {
    return (await this.files(prefix)).flatMap(({ rows }) => rows);
  }

  async #read(name: string): Promise<LakeFile> {
    const { body } = (await this.#lake.read(this.#bucket, name))!;
    if (name.endsWith('.json')) return { name, columns: [], rows: [JSON.parse(body.toString()) as Row] };
    const file = new Uint8Array(body).buffer;
    const { children } = parquetSchema(await parquetMetadataAsync(file));
    return { name, columns: children.map(({ element }) => element.name), rows: await parquetReadObjects({ file }) };
  }
}
