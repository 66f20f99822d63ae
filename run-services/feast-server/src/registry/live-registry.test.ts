import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import protobuf from 'protobufjs/light.js';
import { FileSource } from './file-source.ts';
import { LiveRegistry } from './live-registry.ts';

const Registry = protobuf.Root.fromJSON(
  JSON.parse(readFileSync(new URL('./registry.descriptor.json', import.meta.url), 'utf8')),
).lookupType('Registry');

function registryBytes(...views: string[]): Uint8Array {
  const spec = (name: string) => ({
    spec: { name, project: 'shop', entities: ['user'], features: [{ name: 'f', value_type: 4 }] },
  });
  return Registry.encode(
    Registry.fromObject({ projects: [{ spec: { name: 'shop' } }], feature_views: views.map(spec) }),
  ).finish();
}

let folder: string;
let path: string;
let told: string[];
const log = {
  info: (_fields: object, message: string) => told.push(message),
  warn: (_fields: object, message: string) => told.push(message),
  error: (_fields: object, message: string) => told.push(message),
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'registry-'));
  path = join(folder, 'registry.db');
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a new registry is taken, and one at work keeps what it began with', async () => {
  writeFileSync(path, registryBytes('a'));
  const registry = await LiveRegistry.open(new FileSource(path), undefined, log);
  const before = registry.definitions;
  writeFileSync(path, registryBytes('a', 'b'));
  await registry.refresh();
  expect([...registry.definitions.views.keys()]).toEqual(['a', 'b']);
  expect([...before.views.keys()]).toEqual(['a']);
});

test('a broken registry leaves the old one in use, is told once, and a good one after it is taken', async () => {
  writeFileSync(path, registryBytes('a'));
  const registry = await LiveRegistry.open(new FileSource(path), undefined, log);
  writeFileSync(path, 'this is no registry');
  await registry.refresh();
  await registry.refresh();
  expect([...registry.definitions.views.keys()]).toEqual(['a']);
  expect(registry.status.fault).toBe('REGISTRY_UNREADABLE');
  expect(told).toEqual(['the registry cannot be taken; the one before stays in use']);
  writeFileSync(path, registryBytes('c'));
  await registry.refresh();
  expect([...registry.definitions.views.keys()]).toEqual(['c']);
  expect(registry.status.fault).toBeUndefined();
});

test('a registry that goes away leaves the old one in use', async () => {
  writeFileSync(path, registryBytes('a'));
  const registry = await LiveRegistry.open(new FileSource(path), undefined, log);
  rmSync(path);
  await registry.refresh();
  expect(registry.definitions.views.has('a')).toBe(true);
  expect(registry.status.fault).toBe('REGISTRY_MISSING');
});

test('without a first registry there is nothing to serve', async () => {
  await expect(LiveRegistry.open(new FileSource(path), undefined, log)).rejects.toMatchObject({
    code: 'REGISTRY_MISSING',
  });
});
