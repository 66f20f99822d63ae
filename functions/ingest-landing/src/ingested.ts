import { createHash } from 'node:crypto';
import { type PiiKeys, tokenize } from '@tributary/platform/pii';
import { z } from 'zod';
import type { LandingFile } from './landing-file.ts';
import type { LandingPorts } from './ports.ts';

const ingestedSchema = z.object({ fingerprint: z.string(), generation: z.string() });

/** Keyed, because a file may be short enough to be guessed. */
export function fingerprintOf(body: Buffer, keys: PiiKeys): string {
  return tokenize(createHash('sha256').update(body).digest('hex'), keys);
}

/**
 * The generation under which the same file, by name and content, was ingested last; undefined where it was not, or another content came under this name
 * since. To ingest the same content again, give the file another name.
 */
export async function ingestedBefore(
  { lake, lakeBucket }: LandingPorts,
  name: string,
  fingerprint: string,
): Promise<string | undefined> {
  const found = await lake.read(lakeBucket, memoName(name));
  if (!found) return undefined;
  const memo = ingestedSchema.parse(JSON.parse(found.body.toString('utf8')));
  return memo.fingerprint === fingerprint ? memo.generation : undefined;
}

/** Remembers what was ingested under a name. */
export async function rememberIngested({ lake, lakeBucket }: LandingPorts, file: LandingFile): Promise<void> {
  const { fingerprint, generation } = file;
  const body = JSON.stringify({ fingerprint, generation, ingested_at: new Date().toISOString() });
  await lake.write(lakeBucket, memoName(file.name), body, { contentType: 'application/json' });
}

function memoName(name: string): string {
  return `control/landing-files/${createHash('sha256').update(name).digest('hex')}.json`;
}
