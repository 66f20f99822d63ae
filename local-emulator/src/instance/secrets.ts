import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Secrets } from '../supervisor/component.ts';

/** Reads the instance's secrets, making them at random the first time. They never leave its `secrets` folder. */
export function ensureSecrets(state: string): Secrets {
  const folder = join(state, 'secrets');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const secret = (name: string, make: () => string): string => {
    const file = join(folder, name);
    if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600, flag: 'wx' });
    return readFileSync(file, 'utf8');
  };
  const piiKeysFile = join(folder, 'pii-keys.json');
  secret('pii-keys.json', () => JSON.stringify({ active: 'v1', keys: { v1: randomBytes(32).toString('base64') } }));
  return {
    minioAccessKey: secret('minio-access-key', () => `tributary${randomBytes(4).toString('hex')}`),
    minioSecretKey: secret('minio-secret-key', () => randomBytes(24).toString('hex')),
    postgresPassword: secret('postgres-password', () => randomBytes(24).toString('hex')),
    webhookToken: secret('webhook-token', () => randomBytes(24).toString('hex')),
    piiKeysFile,
  };
}
