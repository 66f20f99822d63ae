import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Lake } from '../lake/port.ts';

/** Where compiled contracts come from. */
export interface ContractsSource {
  /** For people. */
  readonly name: string;
  /** Something that differs when the content does; cheap to ask for. */
  version(): Promise<string>;
  read(): Promise<string>;
}

/** A file, as `npm run contracts` writes it. */
export function fileSource(file: URL): ContractsSource {
  return {
    name: fileURLToPath(file),
    async version() {
      const { mtimeMs, size, ino } = await stat(file);
      return `${mtimeMs} ${size} ${ino}`;
    },
    read: () => readFile(file, 'utf8'),
  };
}

/** An object of the lake's store, for services whose image should not be built for a new contract. */
export function objectSource(lake: Lake, bucket: string, name: string): ContractsSource {
  const missing = () => new Error('there is no such object');
  return {
    name: lake.uri(bucket, name),
    async version() {
      // The first name with a prefix is the prefix itself.
      for await (const object of lake.list(bucket, name)) {
        if (object.name === name) return object.token;
        break;
      }
      throw missing();
    },
    async read() {
      const found = await lake.read(bucket, name);
      if (!found) throw missing();
      return found.body.toString('utf8');
    },
  };
}
