import { hash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';
import { RIGHTS, type Right } from './rights.ts';

/** Every key is compared with every request's, so that time tells nothing; more than this would cost more than a small read. */
const MAX_KEYS = 100;

const fileSchema = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[\w.@-]{1,64}$/, 'expected 1 to 64 of a-z 0-9 . _ @ -'),
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits: printf %s "$KEY" | sha256sum'),
        rights: z.array(z.enum(RIGHTS)).min(1),
      }),
    )
    .min(1)
    .max(MAX_KEYS),
});

/** A caller that a key stands for. */
export interface KeyHolder {
  readonly name: string;
  readonly rights: readonly Right[];
}

interface Entry extends KeyHolder {
  readonly digest: Buffer;
}

/**
 * Callers by API key. The file holds SHA-256 of the keys, never the keys: they are random and long, so a fast hash is as good as a slow one.
 *
 * ```json
 * {"keys": [{"name": "ranking", "sha256": "<64 hex digits>", "rights": ["read"]}]}
 * ```
 */
export class ApiKeys {
  readonly #file: string;
  #text = '';
  #entries: readonly Entry[] = [];

  /** @throws {UserError} API_KEYS_INVALID */
  constructor(file: string) {
    this.#file = file;
    this.reload();
  }

  /**
   * Reads the file again, so that a key can be taken back without a restart. A file that is wrong leaves the keys as they were.
   *
   * @returns whether the keys are others than before.
   * @throws {UserError} API_KEYS_INVALID naming the entry at fault, never a digest.
   */
  reload(): boolean {
    const text = read(this.#file);
    if (text === this.#text) return false;
    this.#entries = parse(this.#file, text);
    this.#text = text;
    return true;
  }

  /** Who holds the key; undefined where nobody does. Takes the same time for any key. */
  find(key: string): KeyHolder | undefined {
    const digest = hash('sha256', key, 'buffer');
    let found: KeyHolder | undefined;
    for (const entry of this.#entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry;
    }
    return found;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(file, (error as NodeJS.ErrnoException).code ?? 'it cannot be read', error);
  }
}

function parse(file: string, text: string): Entry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // JSON.parse quotes what it met.
    throw invalid(file, 'it is not JSON');
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw invalid(file, `${issue.path.join('.')}: ${issue.message}`);
  }
  return parsed.data.keys.map(({ name, sha256, rights }) => ({ name, rights, digest: Buffer.from(sha256, 'hex') }));
}

function invalid(file: string, reason: string, cause?: unknown): UserError {
  return new UserError(
    'API_KEYS_INVALID',
    `The API keys in ${file} (API_KEYS_FILE) cannot be used: ${reason}. Expected {"keys": [{"name", "sha256", "rights": ["read"|"write"|"events"]}]}.`,
    { cause },
  );
}
