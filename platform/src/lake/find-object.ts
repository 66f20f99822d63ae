import type { Lake, LakeObject } from './port.ts';

/** What has that name now, without its content; undefined where nothing has. One listing, of its first entry. */
export async function findObject(
  lake: Pick<Lake, 'list'>,
  bucket: string,
  name: string,
): Promise<LakeObject | undefined> {
  // Of all names that begin so, the name itself is the first.
  for await (const object of lake.list(bucket, name)) return object.name === name ? object : undefined;
  return undefined;
}
