const NAMED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** What Python's `str.isprintable` says no to: separators other than the space, control and format characters, private use, surrogates, unassigned. */
const UNPRINTABLE = /[\p{Zl}\p{Zp}\p{C}]|(?! )\p{Zs}/u;

/** Python's `repr` of a string, as it stands in messages of exceptions. */
export function repr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let result = quote;
  for (const char of text) {
    if (char === quote) result += `\\${char}`;
    else if (NAMED[char] !== undefined) result += NAMED[char];
    else if (UNPRINTABLE.test(char)) result += escaped(char.codePointAt(0)!);
    else result += char;
  }
  return result + quote;
}

function escaped(code: number): string {
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** Python's `repr` of a list of strings. */
export function reprList(items: readonly string[]): string {
  return `[${items.map(repr).join(', ')}]`;
}
