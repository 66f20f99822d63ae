/**
 * Goes through all numbers and texts of a JSON value, however deep they lie.
 *
 * @param test of the name of the member it is the value of, or lies in as an element (undefined at the top), and its text
 * @returns whether the test held for one; what is after it is not looked at
 */
export function anyScalar(
  value: unknown,
  test: (name: string | undefined, text: string) => boolean,
  name?: string,
): boolean {
  if (typeof value === 'string') return test(name, value);
  if (typeof value === 'number' || typeof value === 'bigint') return test(name, String(value));
  if (Array.isArray(value)) return value.some((element) => anyScalar(element, test, name));
  if (typeof value !== 'object' || value === null) return false;
  for (const member in value) {
    if (anyScalar((value as Record<string, unknown>)[member], test, member)) return true;
  }
  return false;
}
