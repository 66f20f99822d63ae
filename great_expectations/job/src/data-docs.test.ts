import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryLake } from '@tributary/platform/group-commit/testing';
import type { WriteOptions } from '@tributary/platform/lake';
import { publishDataDocs } from './data-docs.ts';

/** Remembers in which order what was written, and as what. */
class WatchedLake extends MemoryLake {
  readonly written: string[] = [];

  override async write(bucket: string, name: string, body: Buffer | string, options: WriteOptions = {}) {
    if (name.startsWith('data-docs/')) this.written.push(`${name} ${options.contentType}`);
    return super.write(bucket, name, body, options);
  }
}

let lake: WatchedLake;
let kept: string;

beforeEach(() => {
  lake = new WatchedLake();
  kept = mkdtempSync(join(tmpdir(), 'kept-'));
});
afterEach(() => rmSync(kept, { recursive: true }));

/** Stands in for data_docs.py: a page for each result, named by the run. */
function builder(run: string) {
  return async (results: string, site: string): Promise<void> => {
    mkdirSync(join(site, 'static'), { recursive: true });
    mkdirSync(join(site, 'validations', run), { recursive: true });
    writeFileSync(join(site, 'static', 'logo.svg'), '<svg/>');
    writeFileSync(join(site, 'index.html'), run);
    for (const asset of readdirSync(join(results, 'staging'))) {
      writeFileSync(join(site, 'validations', run, asset.replace('.json', '.html')), run);
    }
  };
}

async function publish(run: string, ...assets: string[]): Promise<void> {
  rmSync(kept, { recursive: true });
  mkdirSync(join(kept, 'staging'), { recursive: true });
  for (const asset of assets) writeFileSync(join(kept, 'staging', `${asset}.json`), '{}');
  lake.written.length = 0;
  await publishDataDocs(kept, { lake, bucket: 'lake', build: builder(run) });
}

async function names(): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of lake.list('lake', 'data-docs/')) found.push(name);
  return found;
}

describe('the data docs', () => {
  test('show the last check of each asset, those of earlier runs too, and no page stays that nothing leads to', async () => {
    await publish('run-1', 'customers', 'orders');
    await publish('run-2', 'orders');
    expect(await names()).toEqual([
      'data-docs/index.html',
      'data-docs/static/logo.svg',
      'data-docs/validations/run-2/customers.html',
      'data-docs/validations/run-2/orders.html',
    ]);
  });

  test('are served as what they are, the index after the pages it leads to, and what never changes once', async () => {
    await publish('run-1', 'orders');
    expect(lake.written).toEqual([
      'data-docs/static/logo.svg image/svg+xml',
      'data-docs/validations/run-1/orders.html text/html; charset=utf-8',
      'data-docs/index.html text/html; charset=utf-8',
    ]);
    await publish('run-2', 'orders');
    expect(lake.written).toEqual([
      'data-docs/validations/run-2/orders.html text/html; charset=utf-8',
      'data-docs/index.html text/html; charset=utf-8',
    ]);
  });
});
