import { createCipheriv, createDecipheriv } from 'node:crypto';
import { UserError } from '../errors/index.ts';
import { hmac, type PiiKeys } from './keys.ts';

/** NIST SP 800-38D: 96-bit nonce, 128-bit tag. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = 'aes-256-gcm';

const SEALED = /^seal_([A-Za-z0-9]{1,16})_([A-Za-z0-9+/]+={0,2})$/;

/**
 * Encrypts bytes that may hold clear PII under the active key: `seal_<version>_<base64>`. The nonce is a keyed hash of the plaintext, so equal
 * bytes have equal seals and a replay stores nothing new; different bytes do not share a nonce.
 */
export function seal(plaintext: Uint8Array, keys: PiiKeys): string {
  const { version, seal: key, sealNonce } = keys.active;
  const nonce = hmac(sealNonce, plaintext).subarray(0, NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  const sealed = Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return `seal_${version}_${sealed.toString('base64')}`;
}

/**
 * The bytes that were sealed.
 *
 * @throws {UserError} UNSEAL_FAILED where the text is no seal, was altered, or its key version is not in the key file.
 */
export function unseal(text: string, keys: PiiKeys): Buffer {
  const [, version, base64] = SEALED.exec(text) ?? [];
  if (version === undefined || base64 === undefined)
    throw new UserError('UNSEAL_FAILED', 'The text is not a seal: it does not read seal_<version>_<base64>.');
  const key = keys.versions.get(version);
  if (!key)
    throw new UserError(
      'UNSEAL_FAILED',
      `It was sealed with key ${version}, which the key file does not have; add that version to PII_KEYS_FILE.`,
    );
  const sealed = Buffer.from(base64, 'base64');
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new UserError('UNSEAL_FAILED', 'The seal is cut short.');
  const decipher = createDecipheriv(ALGORITHM, key.seal, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw new UserError('UNSEAL_FAILED', `The seal was altered, or key ${version} is not the one it was made with.`, {
      cause: error,
    });
  }
}
