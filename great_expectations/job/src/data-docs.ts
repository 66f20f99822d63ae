import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join, relative } from 'node:path';
import type { Lake } from '@tributary/platform/lake';

/** docs/interfaces.md#artifacts */
const SITE = 'data-docs/';
/** What is kept of the last check of each asset: the site is made of all of them, those of earlier runs too. */
const RESULTS = 'artifacts/great-expectations/';
/** Fonts and pictures of the library: the same for every site, so they are written once. */
const STATIC = `${SITE}static/`;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.gif': 'image/gif',
  '.ico': 'image/x-icon',
  '.otf': 'font/otf',
};

export interface DataDocsPorts {
  readonly lake: Lake;
  readonly bucket: string;
  /** Makes the site in one folder of the results in another. */
  readonly build: (results: string, site: string) => Promise<void>;
}

/**
 * Publishes the site of the last check of each asset at `data-docs/` of the lake, with what was kept of this run's checks in `kept`. Pages of checks that were followed by newer
 * ones are removed, so it does not grow; `ops.quality_results` has the history. May be repeated, and be done by two runs at once: the later one wins.
 *
 * @throws what the lake and `build` throw; then the site is partly the one before, and the next run mends it.
 */
export async function publishDataDocs(kept: string, { lake, bucket, build }: DataDocsPorts): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'data-docs-'));
  try {
    for (const file of filesBelow(kept)) {
      const body = readFileSync(join(kept, file));
      await lake.write(bucket, `${RESULTS}${file}`, body, { contentType: 'application/json' });
    }
    const [results, site] = [join(work, 'results'), join(work, 'site')];
    for await (const { name } of lake.list(bucket, RESULTS)) {
      const found = await lake.read(bucket, name);
      const target = join(results, name.slice(RESULTS.length));
      mkdirSync(dirname(target), { recursive: true });
      if (found) writeFileSync(target, found.body);
    }
    await build(results, site);
    await upload(site, lake, bucket);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Pages first and the index last, so that it never leads to a page that is not there yet. */
async function upload(site: string, lake: Lake, bucket: string): Promise<void> {
  const there = new Set<string>();
  for await (const { name } of lake.list(bucket, SITE)) there.add(name);
  const files = filesBelow(site).sort((a, b) => Number(a === 'index.html') - Number(b === 'index.html'));
  const made = new Set<string>();
  for (const file of files) {
    const name = `${SITE}${file}`;
    made.add(name);
    if (name.startsWith(STATIC) && there.has(name)) continue;
    const contentType = CONTENT_TYPES[extname(file)] ?? 'application/octet-stream';
    await lake.write(bucket, name, readFileSync(join(site, file)), { contentType });
  }
  for (const name of there) if (!made.has(name)) await lake.remove(bucket, name);
}

/** Names of all files below a folder, with `/`. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split('\\').join('/'))
    .sort();
}
