import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readConfigFrom } from '@tributary/platform/config';
import { redisOptions } from './redis-options.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'erase-redis-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const optionsOf = (more: Record<string, string>) =>
  redisOptions(
    readConfigFrom({ REDIS_ADDRESS: '10.0.0.3:6378', FEAST_REGISTRY: 'gs://lake/registry.db', ...more }, 'onlineStore')
      .onlineStore,
  );

test('a store on this machine is asked without password and encryption', () => {
  expect(optionsOf({})).toEqual({ host: '10.0.0.3', port: 6378 });
});

test('a store in the cloud is asked with its password, and is who its own authority says', () => {
  const file = join(folder, 'ca.pem');
  writeFileSync(file, 'PEM');
  const options = optionsOf({ REDIS_PASSWORD: 'word', REDIS_TLS: 'true', REDIS_CA_FILE: file });
  expect(options).toMatchObject({ host: '10.0.0.3', port: 6378, password: 'word', tls: { ca: 'PEM' } });
  expect(options.tls!.checkServerIdentity!('10.0.0.3', {} as never)).toBeUndefined();
});

test('without an authority of its own, the certificate has to name the address', () => {
  expect(optionsOf({ REDIS_TLS: 'true' })).toEqual({ host: '10.0.0.3', port: 6378, tls: {} });
});

test('an authority that cannot be read is named', () => {
  expect(() => optionsOf({ REDIS_TLS: 'true', REDIS_CA_FILE: join(folder, 'none.pem') })).toThrow(
    /REDIS_CA_FILE is .*none\.pem/,
  );
});
