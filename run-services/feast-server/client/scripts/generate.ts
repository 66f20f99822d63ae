/**
 * Makes src/generated/api.ts from the server's OpenAPI document:
 *
 *     npm run generate -w run-services/feast-server/client
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API_VERSION, openApiDocument } from '../../src/openapi/index.ts';
import { fingerprint } from './fingerprint.ts';

/** It needs TypeScript 5's own API, which the compiler of this repository has no more; so both are fetched for the one run. */
const GENERATOR = ['--package=openapi-typescript@7.13.0', '--package=typescript@5.9.3'];

const document = JSON.stringify(openApiDocument(API_VERSION));
const folder = mkdtempSync(join(tmpdir(), 'feast-client-'));
try {
  const input = join(folder, 'openapi.json');
  const output = join(folder, 'api.ts');
  writeFileSync(input, document);
  execFileSync('npx', ['--yes', ...GENERATOR, 'openapi-typescript', input, '--output', output], { stdio: 'inherit' });
  const target = fileURLToPath(new URL('../src/generated/api.ts', import.meta.url));
  writeFileSync(target, `// Document: ${fingerprint(document)}\n${readFileSync(output, 'utf8')}`);
} finally {
  rmSync(folder, { recursive: true });
}
