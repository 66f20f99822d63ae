import { createHash } from 'node:crypto';
// Small, without dependencies of its own, and lets every byte be chosen: an archive of the same files is the same archive.
import { zipSync } from 'fflate';
import type { Files } from './source-package.ts';

/** The earliest time that a zip file can say. */
const EPOCH = '1980-01-01T00:00:00Z';
const UNIX = 3;
const REGULAR_FILE_0644 = 0o100644 << 16;

export interface Archive {
  readonly bytes: Uint8Array;
  /** SHA-256 over names and contents, in hex: the same on every machine. */
  readonly sha256: string;
}

/** A zip file of `parts`, as Cloud Functions takes sources. The same files give the same bytes. */
export function archiveOf(...parts: readonly Files[]): Archive {
  const files = parts.flatMap((part) => [...part]).sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256');
  for (const [path, bytes] of files) hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  const options = { mtime: localTime(EPOCH), os: UNIX, attrs: REGULAR_FILE_0644 };
  const bytes = zipSync(Object.fromEntries(files.map(([path, content]) => [path, [content, options]])));
  return { bytes, sha256: hash.digest('hex') };
}

/** A zip's times have no zone, and the library writes them in the machine's: this is the moment whose local reading is `utc`. */
function localTime(utc: string): Date {
  const date = new Date(utc);
  return new Date(date.getTime() + date.getTimezoneOffset() * 60_000);
}
