/** Integers beyond 2^53, where a number is not exact any more, are bigints on both sides. */

type Context = { readonly source?: string };
type Reviver = (key: string, value: unknown, context: Context) => unknown;

/** As JSON.parse, with bigints for integers that a number cannot hold. */
export function parseJson(text: string): unknown {
  // https://github.com/tc39/proposal-json-parse-with-source, in Node since 21; TypeScript's own declaration has no third parameter yet.
  const reviver: Reviver = (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source)
      ? BigInt(source)
      : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

/** As JSON.stringify, with bigints written as the integers they are. */
export function stringifyJson(value: unknown): string {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  return JSON.stringify(value, (_key, it: unknown) => (typeof it === 'bigint' ? rawJSON(String(it)) : it));
}
