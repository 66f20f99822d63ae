import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { UserError } from '@tributary/platform/errors';
import { asInputError, CHUNK_BYTES, type InputFile, LINE_FEED } from './input-files.ts';

/** A physical line without its line end (LF or CR LF). */
export interface Line {
  /** Counts from 1. */
  readonly number: number;
  readonly bytes: Buffer;
}

/** Far above any row of ours; a longer “line” is a file of another kind, and would fill the memory. */
const MAX_LINE_BYTES = 8 << 20;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The lines of a file, in order, as bytes: only LF ends a line. (`node:readline` would also end one at U+2028, which a JSON string may hold.)
 *
 * @throws {UserError} LINE_TOO_LONG, or the file could not be read.
 */
export async function* readLines(file: InputFile): AsyncGenerator<Line> {
  let number = 0;
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(file.path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      let start = 0;
      for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
        number += 1;
        yield { number, bytes: withoutMarks(bytes.subarray(start, end), number) };
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > MAX_LINE_BYTES) {
        throw new UserError(
          'LINE_TOO_LONG',
          `${file.name}, line ${number + 1} has more than ${MAX_LINE_BYTES} bytes. Is the file of the given format, and not compressed?`,
        );
      }
    }
  } catch (error) {
    throw asInputError(error, file.path, 'readable');
  }
  if (rest.length > 0) yield { number: number + 1, bytes: withoutMarks(rest, number + 1) };
}

function withoutMarks(bytes: Buffer, number: number): Buffer {
  const start = number === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
  return bytes.subarray(start, bytes.at(-1) === CARRIAGE_RETURN ? -1 : undefined);
}

/** The text of UTF-8 bytes, or null where they are something else. */
export function decodeUtf8(bytes: Buffer): string | null {
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}

const windows1252 = new TextDecoder('windows-1252');

/** The text of bytes that are UTF-8 or, where they cannot be, Windows-1252 (and so Latin-1), as spreadsheets save it. */
export function decodeLenient(bytes: Buffer): string {
  return decodeUtf8(bytes) ?? windows1252.decode(bytes);
}
