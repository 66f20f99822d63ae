/**
 * Those of `all` that a test takes: one of each kind, for they differ in nothing else that it looks at and each costs half a minute; IMAGES_TESTED=all takes every
 * one, as CI does before a release.
 */
export function chosen<T extends string>(all: readonly T[], oneOfEachKind: readonly T[]): readonly T[] {
  if (process.env.IMAGES_TESTED === 'all') return all;
  const unknown = oneOfEachKind.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')} any more; name another of its kind.`);
  return oneOfEachKind;
}
