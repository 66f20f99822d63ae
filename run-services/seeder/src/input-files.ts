import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '@tributary/platform/errors';

/** A file of the input. */
export interface InputFile {
  readonly path: string;
  /** Its name inside the input: what messages and rejects say. */
  readonly name: string;
}

/** What a first reading of the bytes tells. */
export interface Inspection {
  /** SHA-256 over `salt` and the files' contents in order; names do not matter, so a moved input resumes. */
  readonly fingerprint: string;
  /** SHA-256 of each file's content, by name. */
  readonly digests: ReadonlyMap<string, string>;
  /** Lines in all files, a last one without a line feed included. */
  readonly lines: number;
}

/**
 * The files of an input: the file itself, or those of a folder that end in one of `extensions`, ordered by name. Subfolders are not entered, and links in the folder
 * not followed: they might lead out of what the service may read.
 *
 * @throws {UserError} INPUT_NOT_FOUND, INPUT_EMPTY or INPUT_UNREADABLE, saying what was expected there.
 */
export async function listInputFiles(input: string, extensions: readonly string[]): Promise<InputFile[]> {
  const wanted = extensions.join(' or ');
  try {
    const entry = await stat(input);
    if (entry.isFile()) return [{ path: input, name: basename(input) }];
    if (!entry.isDirectory()) throw new UserError('INPUT_UNREADABLE', `${input} is neither a file nor a folder.`);
    const names = (await readdir(input, { withFileTypes: true }))
      .filter((found) => found.isFile() && !found.name.startsWith('.'))
      .map((found) => found.name)
      .filter((name) => extensions.some((extension) => name.toLowerCase().endsWith(extension)))
      // By code unit, so that every machine and locale reads the same order.
      .sort((a, b) => (a < b ? -1 : 1));
    if (names.length === 0) {
      throw new UserError(
        'INPUT_EMPTY',
        `The folder ${input} has no ${wanted} file (links do not count). Give the folder that holds them.`,
      );
    }
    return names.map((name) => ({ path: join(input, name), name }));
  } catch (error) {
    throw asInputError(error, input, wanted);
  }
}

/** Reads every byte once. @throws as `listInputFiles`. */
export async function inspectFiles(files: readonly InputFile[], salt: string): Promise<Inspection> {
  const whole = createHash('sha256').update(salt);
  const digests = new Map<string, string>();
  let lines = 0;
  for (const file of files) {
    const own = createHash('sha256');
    let last = LINE_FEED;
    try {
      for await (const chunk of createReadStream(file.path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
        own.update(chunk);
        for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) lines += 1;
        last = chunk.at(-1) ?? last;
      }
    } catch (error) {
      throw asInputError(error, file.path, 'readable');
    }
    if (last !== LINE_FEED) lines += 1;
    const digest = own.digest('hex');
    digests.set(file.name, digest);
    whole.update(digest);
  }
  return { fingerprint: whole.digest('hex'), digests, lines };
}

export const LINE_FEED = 0x0a;
export const CHUNK_BYTES = 1 << 18;

/** Turns what the file system says into what a person can mend; other errors stay as they are. */
export function asInputError(error: unknown, path: string, wanted: string): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new UserError(
        'INPUT_NOT_FOUND',
        `There is nothing at ${path}. Give a ${wanted} file, or a folder of them.`,
        {
          cause: error,
        },
      );
    case 'EACCES':
    case 'EPERM':
    case 'EISDIR':
      return new UserError('INPUT_UNREADABLE', `${path} cannot be read: ${(error as Error).message}.`, {
        cause: error,
      });
    default:
      return error;
  }
}
