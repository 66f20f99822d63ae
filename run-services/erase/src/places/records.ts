import type { CompiledMapping } from '@tributary/platform/contracts';
import { CsvError, parse } from 'csv-parse/sync';
import { type Person, parsed } from '../person.ts';
import type { ErasePorts } from '../ports.ts';
import { type SubjectCells, subjectCells } from './subject-cells.ts';

export interface Remaining {
  readonly text: string;
  readonly removed: number;
  /** How many of those went for a number under no name, which may be anything's. */
  readonly guessed: number;
}

/**
 * A text file, read byte for character, without the records of a person.
 *
 * Theirs is a record whose column for the subject has their number. In a file without such a column, as a file may be that was set aside for its columns, it is
 * a record that has the number as any of its values.
 */
export function withoutRecords(
  text: string,
  file: string,
  dataset: string,
  person: Person,
  { mappings }: Pick<ErasePorts, 'mappings'>,
): Remaining {
  // Bytes stand for characters in the text, so they do in the number.
  const id = Buffer.from(person.id, 'utf8').toString('latin1');
  const cells = subjectCells(dataset, { ...person, id }, mappings);
  return /\.csv$/i.test(file) ? ofCsv(text, mappings.get(dataset), cells) : ofLines(text, cells);
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly bytes: number };
}

function ofCsv(text: string, mapping: CompiledMapping | undefined, cells: SubjectCells): Remaining {
  const { delimiter = ',', quote = '"' } = mapping?.csv ?? {};
  const records = recordsOf(text, delimiter, quote);
  // A file with an open quote has no records that anybody could tell: its lines are all there is.
  if (!records) return ofLines(text, cells);
  const header = mapping?.columns ?? records[0]?.record ?? [];
  const at = header.flatMap((name, index) => (cells.columns.has(name.trim()) ? [index] : []));
  const isTheirs = ({ record }: CsvRecord) =>
    at.length > 0 ? at.some((index) => cells.isTheirs(record[index])) : record.some((cell) => cells.isTheirs(cell));
  const kept: string[] = [];
  let [from, removed] = [0, 0];
  for (const record of records) {
    const to = record === records.at(-1) ? text.length : record.info.bytes;
    if (isTheirs(record)) removed += 1;
    else kept.push(text.slice(from, to));
    from = to;
  }
  return { text: kept.join(''), removed, guessed: at.length === 0 ? removed : 0 };
}

/** Undefined where the file is no CSV. */
function recordsOf(text: string, delimiter: string, quote: string | null): readonly CsvRecord[] | undefined {
  try {
    // A byte a character, so that offsets are places in the text.
    return parse(Buffer.from(text, 'latin1'), {
      encoding: 'latin1',
      delimiter,
      quote: quote ?? false,
      info: true,
      relax_column_count: true,
      relax_quotes: true,
    }) as unknown as CsvRecord[];
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  }
}

function ofLines(text: string, cells: SubjectCells): Remaining {
  const kept: string[] = [];
  let [removed, guessed] = [0, 0];
  for (const line of text.split('\n')) {
    const value = parsed(Buffer.from(line, 'utf8'));
    const members = typeof value === 'object' && value !== null ? Object.entries(value) : undefined;
    const named = members?.filter(([name]) => cells.columns.has(name)) ?? [];
    const values =
      named.length > 0
        ? named.map(([, value]) => value)
        : (members?.map(([, value]) => value) ?? line.split(/[^\p{L}\p{N}_.+-]+/u));
    if (!values.some((value) => cells.isTheirs(value))) {
      kept.push(line);
      continue;
    }
    removed += 1;
    if (named.length === 0) guessed += 1;
  }
  return { text: kept.join('\n'), removed, guessed };
}
