import { createHash } from 'node:crypto';
import { z } from 'zod';

/** `processed/<stream>/dt=/hr=/part-*.parquet`; temporary files never match `part-*`. docs/interfaces.md#lake */
const PROCESSED = /^processed\/(?<stream>[a-z][a-z0-9_]*)\/(?:[^/]+\/)*part-[^/]+\.parquet$/;

/** An object to load, of a known bucket. */
export const loadObjectSchema = z.object({
  name: z.string(),
  generation: z.string().regex(/^\d+$/),
  size: z.number().min(0),
});

export type LoadObject = z.output<typeof loadObjectSchema>;

/** The stream a processed object belongs to; undefined for objects that are not for the warehouse. */
export function streamOf(name: string): string | undefined {
  return PROCESSED.exec(name)?.groups?.stream;
}

/** SHA-256 hex of `bucket/name#generation`. docs/interfaces.md#warehouse */
export function objectId(bucket: string, { name, generation }: Pick<LoadObject, 'name' | 'generation'>): string {
  return sha256(`${bucket}/${name}#${generation}`);
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
