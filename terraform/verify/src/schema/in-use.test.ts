import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { schemasInUse } from './in-use.ts';

let repository: string;
let schemas: string;

beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'in-use-'));
  schemas = join(repository, 'schemas');
  mkdirSync(join(repository, 'terraform', 'modules'), { recursive: true });
  mkdirSync(schemas);
  const types = { google_storage_bucket: { name: { t: 'string' } }, google_unused: {} };
  const schema = { provider: 'google', config: { project: {} }, resources: types, data: types, relations: {} };
  writeFileSync(join(schemas, 'google.json'), JSON.stringify(schema));
});
afterEach(() => rmSync(repository, { recursive: true }));

const served = (): Record<string, unknown> =>
  JSON.parse(readFileSync(join(schemasInUse(schemas, repository), 'google.json'), 'utf8'));

test('what the configuration names is served whole, and nothing else', () => {
  writeFileSync(join(repository, 'terraform', 'modules', 'main.tf'), 'resource "google_storage_bucket" "lake" {}');
  expect(served()).toMatchObject({
    config: { project: {} },
    resources: { google_storage_bucket: { name: { t: 'string' } } },
    data: { google_storage_bucket: {} },
  });
  expect(Object.keys(served().resources as object)).toEqual(['google_storage_bucket']);
});

test('another configuration gets schemas of its own, and the same one those that are there', () => {
  const before = schemasInUse(schemas, repository);
  expect(schemasInUse(schemas, repository)).toBe(before);
  writeFileSync(join(repository, 'terraform', 'new.tf'), 'data "google_unused" "x" {}');
  const after = schemasInUse(schemas, repository);
  expect(after).not.toBe(before);
  rmSync(before, { recursive: true });
  rmSync(after, { recursive: true });
});
