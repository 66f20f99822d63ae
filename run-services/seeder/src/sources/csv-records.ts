import { type Options, parse } from 'csv-parse/sync';
import type { InputFile } from '../input-files.ts';
import { decodeLenient, readLines } from '../lines.ts';

/** A record of a CSV file, or a line that is none. */
export type CsvRecord =
  | { readonly line: number; readonly cells: readonly string[] }
  /** `first` is what stands before the first comma: it may still say which record this was to be. */
  | { readonly line: number; readonly problem: string; readonly first: string };

interface TextLine {
  readonly line: number;
  readonly text: string;
}

/** A quoted field may hold line feeds. One that has not ended after so many lines is a stray quote. */
const MAX_RECORD_LINES = 20;

/**
 * The records of a CSV file (RFC 4180; LF or CR LF), the header first, with the number of the line each begins on. Blank lines are skipped.
 *
 * A CSV parser that is given a whole file stops at a stray quote, or takes the rest of the file for one field. Here only the line with the stray quote is
 * lost, and said so: each record is parsed on its own, and reading resumes on the line after.
 */
export async function* readCsvRecords(file: InputFile): AsyncGenerator<CsvRecord> {
  const pending: TextLine[] = [];
  let width: number | undefined;
  for await (const { number, bytes } of readLines(file)) {
    pending.push({ line: number, text: decodeLenient(bytes) });
    for (const record of takeRecords(pending, width, false)) {
      if ('cells' in record) width ??= record.cells.length;
      yield record;
    }
  }
  yield* takeRecords(pending, width, true);
}

/** Takes from the front of `pending` every record that is complete; a quoted field that has not ended stays there for the next line. */
function* takeRecords(pending: TextLine[], width: number | undefined, atEnd: boolean): Generator<CsvRecord> {
  while (pending.length > 0) {
    const { line, text } = pending[0]!;
    if (!text.includes('"')) {
      pending.shift();
      if (text.trim() !== '') yield { line, cells: text.split(',') };
      continue;
    }
    const cells = parseRecord(text, STRICT) ?? parseRecord(text, RELAXED);
    if (cells) {
      pending.shift();
      yield { line, cells };
      continue;
    }
    const joined = pending.length > 1 ? parseRecord(pending.map((each) => each.text).join('\n'), STRICT) : null;
    // The quote that ends a field of several lines may be the stray quote of a later line: then the number of cells is wrong.
    if (joined && joined.length === width) {
      pending.length = 0;
      yield { line, cells: joined };
      return;
    }
    if (!atEnd && pending.length < MAX_RECORD_LINES) return;
    pending.shift();
    yield { line, problem: 'a quoted field does not end', first: text.split(',', 1)[0]! };
  }
}

const STRICT: Options = { relax_column_count: true };
/** A quote inside an unquoted field (`7" FRAME`) stands for itself, as spreadsheets read it. */
const RELAXED: Options = { ...STRICT, relax_quotes: true };

/** The cells of a text that is exactly one record, or null. */
function parseRecord(text: string, options: Options): string[] | null {
  try {
    const records = parse(text, options) as unknown as string[][];
    return records.length === 1 ? records[0]! : null;
  } catch {
    // Another reading may take it; if none does, the caller rejects the line.
    return null;
  }
}
