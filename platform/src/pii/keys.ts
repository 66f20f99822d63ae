import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { UserError } from '../errors/index.ts';

const KEY_BYTES = 32;

/** Tokens and seals carry the version between underscores, so it must not contain one. */
const version = z.string().regex(/^[A-Za-z0-9]{1,16}$/, 'expected a version such as v1');

const keyFileSchema = z
  .strictObject({ active: version, keys: z.record(version, z.base64()) })
  .refine((file) => file.keys[file.active] !== undefined, {
    path: ['active'],
    error: 'names a version that keys does not have',
  });

/** One version of the key, and what is derived from it. Key objects, for importing raw bytes would be most of the cost of a token. */
export interface PiiKey {
  readonly version: string;
  readonly token: KeyObject;
  readonly seal: KeyObject;
  readonly sealNonce: KeyObject;
  readonly erasure: KeyObject;
}

/** All versions; the active one protects, the others still unseal. */
export interface PiiKeys {
  readonly active: PiiKey;
  readonly versions: ReadonlyMap<string, PiiKey>;
}

const HOW_TO_MAKE_ONE =
  '{"active":"v1","keys":{"v1":"<base64 of 32 random bytes>"}}, made for example with: openssl rand -base64 32';

/**
 * Loads the key file that `PII_KEYS_FILE` names.
 *
 * @throws {UserError} PII_KEYS_MISSING where there is no file, PII_KEYS_EXPOSED where other users could read or change it, PII_KEYS_INVALID where it
 * is not of its format. No message repeats a key.
 */
export function loadPiiKeys(file: string): PiiKeys {
  let text: string;
  try {
    checkMode(file, statSync(file).mode);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new UserError(
      'PII_KEYS_MISSING',
      `PII_KEYS_FILE ${file} cannot be read (${reason}); write ${HOW_TO_MAKE_ONE}`,
      { cause: error },
    );
  }
  return parsePiiKeys(text, file);
}

/**
 * A secret that anyone may read is none. A file nobody may write is let through: that is how Cloud Run mounts a secret (mode 0444, in a
 * container of one process). https://cloud.google.com/run/docs/configuring/services/secrets
 */
function checkMode(file: string, mode: number): void {
  const isMountedSecret = (mode & 0o222) === 0;
  if ((mode & 0o077) !== 0 && !isMountedSecret) {
    throw new UserError(
      'PII_KEYS_EXPOSED',
      `PII_KEYS_FILE ${file} is open to other users (mode ${(mode & 0o777).toString(8)}); run: chmod 600 ${file}`,
    );
  }
}

/** As `loadPiiKeys`, from the file's text. */
export function parsePiiKeys(text: string, file = 'PII keys'): PiiKeys {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw new UserError('PII_KEYS_INVALID', `${file} is not JSON; write ${HOW_TO_MAKE_ONE}`);
  }
  const result = keyFileSchema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new UserError(
      'PII_KEYS_INVALID',
      `${file}: ${issue.path.join('.') || 'the whole'}: ${issue.message}; write ${HOW_TO_MAKE_ONE}`,
    );
  }
  const versions = new Map(
    Object.entries(result.data.keys).map(([name, base64]) => [name, derive(file, name, Buffer.from(base64, 'base64'))]),
  );
  return { active: versions.get(result.data.active)!, versions };
}

function derive(file: string, name: string, key: Buffer): PiiKey {
  if (key.length !== KEY_BYTES) {
    throw new UserError(
      'PII_KEYS_INVALID',
      `${file}: keys.${name} has ${key.length} bytes, ${KEY_BYTES} are needed; write ${HOW_TO_MAKE_ONE}`,
    );
  }
  return {
    version: name,
    token: createSecretKey(key),
    seal: hkdf(key, 'tributary/seal'),
    sealNonce: hkdf(key, 'tributary/seal-nonce'),
    erasure: hkdf(key, 'tributary/erasure'),
  };
}

/** RFC 5869 with an empty salt. */
function hkdf(key: Buffer, info: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), info, KEY_BYTES)));
}

export function hmac(key: KeyObject, data: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
