import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '@tributary/local-emulator/instance/machine';

/** A reason is a sentence, not a word. */
const MINIMUM_WORDS = 4;

/** Skips of checkov and tflint in a text that no reason follows. */
function unexplained(text: string): string[] {
  return text.split('\n').filter((line, index, lines) => {
    const checkov = /checkov:skip=\S+?(?::(.*))?$/.exec(line);
    if (checkov !== null) return words(checkov[1]) < MINIMUM_WORDS;
    if (!line.includes('tflint-ignore')) return false;
    return words(/^\s*#(?!\s*tflint-ignore)(.*)/.exec(lines[index - 1] ?? '')?.[1]) < MINIMUM_WORDS;
  });
}

const words = (text = ''): number => text.trim().split(/\s+/).filter(Boolean).length;

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((entry) => {
    const path = join(folder, entry);
    if (entry === 'node_modules' || entry.startsWith('.terraform')) return [];
    if (statSync(path).isDirectory()) return files(path);
    return /\.(tf|hcl)$/.test(entry) ? [path] : [];
  });
}

test('no rule is skipped without its reason', () => {
  const all = files(join(ROOT, 'terraform'));
  expect(all.length).toBeGreaterThan(50);
  expect(all.flatMap((file) => unexplained(readFileSync(file, 'utf8')))).toEqual([]);
});

describe('a skip', () => {
  test.each([
    ['#checkov:skip=CKV_GCP_6', 1],
    ['#checkov:skip=CKV_GCP_6:no', 1],
    ['#checkov:skip=CKV_GCP_6:the rule does not know ssl_mode', 0],
    ['# tflint-ignore: terraform_typed_variables', 1],
    ['# any type is what it is for\n# tflint-ignore: terraform_typed_variables', 0],
  ])('%j has %i findings', (text, count) => {
    expect(unexplained(text)).toHaveLength(count);
  });
});
