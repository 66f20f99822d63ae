import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CompiledContract, MaskKeep } from '../contracts/contract.ts';
import type { WireRow } from '../events/index.ts';
import { loadPiiKeys, mask, parsePiiKeys, protectRow, seal, tokenize, unseal } from './index.ts';

interface Vectors {
  readonly keys: unknown;
  readonly tokenize: readonly { value: string; token: string }[];
  readonly mask: readonly { keep: MaskKeep; value: string; masked: string }[];
  readonly seal: readonly { version: string; plaintext: string; sealed: string }[];
}

/** Computed by another implementation (Python's hmac and cryptography). */
const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as Vectors;
const keys = parsePiiKeys(JSON.stringify(vectors.keys));
const keysOf = (active: string) => parsePiiKeys(JSON.stringify({ ...(vectors.keys as object), active }));

const CONTRACT: CompiledContract = {
  stream: 'people',
  version: '1.0.0',
  description: 'People.',
  table: { schema: 'shop', name: 'people' },
  primaryKey: ['id'],
  eventTime: null,
  freshnessSeconds: 60,
  fields: [
    { name: 'id', type: 'INT64', required: true, pii: 'none', description: 'd' },
    { name: 'email', type: 'STRING', required: false, pii: 'tokenize', description: 'd' },
    { name: 'ip', type: 'STRING', required: false, pii: 'mask', maskKeep: 'ipv4_prefix16', description: 'd' },
    { name: 'address', type: 'STRING', required: false, pii: 'drop', description: 'd' },
  ],
};

describe('the vectors every language reproduces', () => {
  test.each(vectors.tokenize)('the token of $value', ({ value, token }) => expect(tokenize(value, keys)).toBe(token));
  test.each(vectors.mask)('the $keep mask of $value', ({ keep, value, masked }) =>
    expect(mask(value, keep)).toBe(masked),
  );
  test.each(vectors.seal)('the seal $sealed', ({ version, plaintext, sealed }) => {
    const bytes = Buffer.from(plaintext, 'base64');
    expect(seal(bytes, keysOf(version))).toBe(sealed);
    expect(unseal(sealed, keys)).toEqual(bytes);
  });
});

describe('seal', () => {
  test('any bytes come back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => expect(unseal(seal(bytes, keys), keys)).toEqual(Buffer.from(bytes))),
    );
  });

  test('one altered bit is noticed', () => {
    const [, version, base64] = seal(Buffer.from('planted@example.com'), keys).split('_');
    const bytes = Buffer.from(base64!, 'base64');
    for (let index = 0; index < bytes.length; index += 1) {
      const altered = Buffer.from(bytes);
      altered[index] = altered[index]! ^ 1;
      expect(() => unseal(`seal_${version}_${altered.toString('base64')}`, keys)).toThrow(
        expect.objectContaining({ code: 'UNSEAL_FAILED' }),
      );
    }
  });

  test.each([['not a seal'], ['seal_v1_AAAA'], ['seal_v9_AAAA']])('%s is refused', (text) => {
    expect(() => unseal(text, keys)).toThrow(expect.objectContaining({ code: 'UNSEAL_FAILED' }));
  });
});

describe('mask', () => {
  test('no mask tells more than its harmless part', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        expect(mask(value, 'ipv4_prefix16')).toMatch(/^(\*|\d+\.\d+\.\*\.\*)$/);
        expect([...mask(value, 'last2')].length).toBeLessThanOrEqual(5);
      }),
    );
  });
});

describe('protectRow', () => {
  test('each field is treated by its class; null stays null and absent stays absent', () => {
    expect(protectRow(CONTRACT, { id: 1, email: 'a@b.c', ip: '203.0.113.7', address: '1 High Street' }, keys)).toEqual({
      id: 1,
      email: tokenize('a@b.c', keys),
      ip: '203.0.*.*',
    });
    expect(protectRow(CONTRACT, { id: 1, email: null }, keys)).toEqual({ id: 1, email: null });
  });

  test('a column no contract knows, or a personal value that is not text, is never let through', () => {
    const rows: WireRow[] = [
      { id: 1, nickname: 'planted' },
      { id: 1, email: 4_420_794 },
    ];
    for (const row of rows) {
      expect(() => protectRow(CONTRACT, row, keys)).toThrow(expect.objectContaining({ code: 'PII_UNCLASSIFIED' }));
      expect(() => protectRow(CONTRACT, row, keys)).not.toThrow(/planted|4420794/);
    }
  });
});

describe('the key file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-pii-'));
    file = join(folder, 'keys.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (content: unknown, mode = 0o600) => {
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    chmodSync(file, mode);
  };

  test('private files and mounted secrets are read', () => {
    for (const mode of [0o600, 0o400, 0o444]) {
      rmSync(file, { force: true });
      write(vectors.keys, mode);
      expect(tokenize(vectors.tokenize[0]!.value, loadPiiKeys(file))).toBe(vectors.tokenize[0]!.token);
    }
  });

  test('a missing file is refused with the way to make one', () => {
    expect(() => loadPiiKeys(file)).toThrow(
      /PII_KEYS_FILE .* cannot be read \(ENOENT\); write .*openssl rand -base64 32/,
    );
  });

  test('a file other users may read is refused with the command that closes it', () => {
    write(vectors.keys, 0o644);
    expect(() => loadPiiKeys(file)).toThrow(`chmod 600 ${file}`);
  });

  test.each([
    ['no JSON', 'planted-key'],
    ['a short key', { active: 'v1', keys: { v1: Buffer.from('planted-key').toString('base64') } }],
    ['no active key', { active: 'v2', keys: { v1: Buffer.alloc(32).toString('base64') } }],
    ['a version with an underscore', { active: 'v_1', keys: { v_1: Buffer.alloc(32).toString('base64') } }],
    ['no base64', { active: 'v1', keys: { v1: 'planted-key!' } }],
  ])('%s is refused without repeating it', (_name, content) => {
    write(content);
    expect(() => loadPiiKeys(file)).toThrow(expect.objectContaining({ code: 'PII_KEYS_INVALID' }));
    expect(() => loadPiiKeys(file)).not.toThrow(/planted/);
  });
});
