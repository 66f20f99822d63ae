import { UserError } from '@tributary/platform/errors';

/** One element of a batch. */
export interface BatchElement {
  /** As JSON.parse reads it: integers beyond ±(2^53−1) have lost digits. */
  readonly value: unknown;
  /** Its original text. */
  text(): string;
  /** Read again with integers beyond ±(2^53−1) as bigint. */
  exact(): unknown;
}

/**
 * Reads the JSON array that the engine posts.
 *
 * Almost no event holds an integer that a double cannot, so the whole is read by plain JSON.parse; only who meets an unsafe integer asks for
 * `exact()`, which cuts the element's text out of the batch and reads that alone.
 *
 * @throws {UserError} BATCH_UNREADABLE when the text is not a JSON array; the message does not repeat any of it.
 */
export function readBatch(text: string): BatchElement[] {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw unreadable(`${text.length} characters that are not JSON`);
  }
  if (!Array.isArray(values))
    throw unreadable(`JSON that is ${values === null ? 'null' : typeof values}, not an array`);
  let texts: string[] | undefined;
  const textOf = (index: number): string => {
    texts ??= elementTexts(text);
    return texts[index]!;
  };
  return values.map((value: unknown, index) => ({
    value,
    text: () => textOf(index),
    exact: () => parseExact(textOf(index)),
  }));
}

function unreadable(what: string): UserError {
  return new UserError(
    'BATCH_UNREADABLE',
    `POST /batches takes a JSON array of Debezium change events, and got ${what}. Is BRIDGE_URL of the engine right?`,
  );
}

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown;

const bigIntegers: Reviver = (_key, value, context) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source ?? '')
    ? BigInt(context.source!)
    : value;

/** https://github.com/tc39/proposal-json-parse-with-source: in V8, not yet in TypeScript's library. */
function parseExact(text: string): unknown {
  return (JSON.parse as (text: string, reviver: Reviver) => unknown)(text, bigIntegers);
}

/** The texts of the elements of an array that is known to be valid JSON. */
function elementTexts(array: string): string[] {
  const texts: string[] = [];
  let depth = 0;
  let start = -1;
  for (let i = 0; i < array.length; i++) {
    const character = array[i]!;
    if (character === '"') {
      if (depth === 1 && start < 0) start = i;
      i = endOfString(array, i);
    } else if (character === '[' || character === '{') {
      if (depth === 1 && start < 0) start = i;
      depth++;
    } else if (character === ']' || character === '}') {
      depth--;
      if (depth === 0 && start >= 0) texts.push(array.slice(start, i).trimEnd());
    } else if (depth === 1 && character === ',') {
      texts.push(array.slice(start, i).trimEnd());
      start = -1;
    } else if (depth === 1 && start < 0 && character.trim() !== '') {
      start = i;
    }
  }
  return texts;
}

/** @param open the position of the opening quote; returns that of the closing one. */
function endOfString(text: string, open: number): number {
  for (let i = open + 1; ; i++) {
    i = text.indexOf('"', i);
    let backslashes = 0;
    while (text[i - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return i;
  }
}
