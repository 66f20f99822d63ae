import { createHash } from 'node:crypto';
import { canonicalJson } from '@tributary/platform/events';
import type { QueryParameter } from '@tributary/platform/warehouse';
import { z } from 'zod';
import type { Declaration } from './declaration.ts';
import { apiError } from './errors.ts';

/** Which run of a query with its parameters: the window of its cache, or a text that nobody else has; and how often its job had to be started anew. */
export interface Run {
  readonly window: string;
  readonly attempt: number;
}

/** What names a query with its parameters: another text of the SQL is another query, whatever its version says. */
export function requestDigest({ name, version, sql }: Declaration, params: readonly QueryParameter[]): string {
  const values = Object.fromEntries(params.map((parameter) => [parameter.name, JSON.stringify(parameter.value)]));
  return sha256([name, String(version), sha256(sql), canonicalJson(values)].join('|')).slice(0, 40);
}

/** At most 1,024 of a-z A-Z 0-9 _ -. https://cloud.google.com/bigquery/docs/reference/rest/v2/JobReference */
export function jobId(name: string, digest: string, { window, attempt }: Run): string {
  return `api_${name}_${digest}_${window}_${attempt}`;
}

/** The window of now: requests of the same one share a job. */
export function cacheWindow(cacheSeconds: number, now: number, unique: () => string): string {
  if (cacheSeconds === 0) return `u${unique()}`;
  return `w${cacheSeconds}x${Math.floor(now / (cacheSeconds * 1_000))}`;
}

const tokenSchema = z.strictObject({
  /** The beginning of the request's digest. */
  d: z.string(),
  w: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  a: z.int().min(0).max(99),
  t: z.string(),
});

const DIGEST_OF_TOKEN = 12;

/**
 * A page of one job. The job's id is not in it but is made anew from the request, so a token leads to no other job than one of the same query with the same parameters, whoever
 * wrote it.
 */
export function pageToken(digest: string, { window, attempt }: Run, token: string): string {
  const value = { d: digest.slice(0, DIGEST_OF_TOKEN), w: window, a: attempt, t: token };
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** @throws {UserError} PAGE_TOKEN_INVALID. */
export function readPageToken(digest: string, text: string): { run: Run; token: string } {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    value = undefined;
  }
  const result = tokenSchema.safeParse(value);
  if (!result.success || result.data.d !== digest.slice(0, DIGEST_OF_TOKEN)) {
    throw apiError(
      'PAGE_TOKEN_INVALID',
      'The parameter page_token is wrong: expected next_page_token of an answer to the same query with the same parameters.',
    );
  }
  const { w, a, t } = result.data;
  return { run: { window: w, attempt: a }, token: t };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
