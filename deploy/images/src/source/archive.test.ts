import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { unzipSync } from 'fflate';
import { archiveOf } from './archive.ts';

const FILES = new Map([
  ['b/two.txt', Buffer.from('two')],
  ['a.txt', Buffer.from('one')],
]);

test('the same files give the same bytes, whatever their order', () => {
  const { bytes, sha256 } = archiveOf(FILES);
  expect(archiveOf(new Map([...FILES].reverse()))).toEqual({ bytes, sha256 });
  expect(archiveOf(new Map([...FILES].slice(0, 1)), new Map([...FILES].slice(1)))).toEqual({ bytes, sha256 });
  const unpacked = unzipSync(bytes);
  expect(Object.keys(unpacked)).toEqual(['a.txt', 'b/two.txt']);
  expect(Buffer.from(unpacked['b/two.txt']!).toString()).toBe('two');
});

test('the same files give the same bytes in every time zone', async () => {
  const archive = new URL('./archive.ts', import.meta.url).href;
  const program = `const { archiveOf } = await import('${archive}'); process.stdout.write(Buffer.from(archiveOf(new Map([['a', Buffer.from('x')]])).bytes).toString('hex'))`;
  const inZone = async (TZ: string): Promise<string> =>
    (await execa(process.execPath, ['--input-type=module', '-e', program], { env: { TZ, NODE_OPTIONS: '' } })).stdout;
  expect(await inZone('Pacific/Auckland')).toBe(await inZone('America/Los_Angeles'));
});

test('another content or name is another hash', () => {
  const { sha256 } = archiveOf(FILES);
  expect(archiveOf(new Map([...FILES, ['c', Buffer.from('')]])).sha256).not.toBe(sha256);
  expect(archiveOf(new Map([['a', Buffer.from('bc')]])).sha256).not.toBe(
    archiveOf(new Map([['ab', Buffer.from('c')]])).sha256,
  );
});
