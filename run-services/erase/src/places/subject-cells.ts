import type { CompiledMapping, Mappings } from '@tributary/platform/contracts';
import type { Person } from '../person.ts';

/** How files of a dataset name the person. */
export interface SubjectCells {
  /** What the columns are called that name a subject of their kind. */
  readonly columns: ReadonlySet<string>;
  /** Whether a value, as a file has it, is their number. */
  isTheirs(value: unknown): boolean;
}

/** Whole numbers as the pipeline reads them from text: `+` and zeros before them say nothing. */
const INTEGER = /^([+-]?)0*(\d+)$/;

/** By the mapping of the dataset, where it has one: `17850.0` is 17850 where a rule says so. */
export function subjectCells(dataset: string, { subject, id }: Person, mappings: Mappings): SubjectCells {
  const rules = (mappings.get(dataset)?.fields ?? []).filter(({ field }) => subject.members.has(field));
  const readers = rules.map(readerOf);
  const columns = new Set(subject.members);
  for (const { column } of rules) if (column !== undefined) columns.add(column);
  const plain = (text: string) =>
    subject.type === 'INT64' ? text.replace(INTEGER, (_, sign, digits) => (sign === '-' ? '-' : '') + digits) : text;
  return {
    columns,
    isTheirs(value) {
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return false;
      const text = String(value).trim();
      return [text, ...readers.map((read) => read(text))].some((each) => each !== undefined && plain(each) === id);
    },
  };
}

type Rule = CompiledMapping['fields'][number];

/** The first pattern that matches the whole text counts, as in the pipeline. */
function readerOf({ values = [] }: Rule): (text: string) => string | undefined {
  const patterns = values.map(({ match, to }) => ({ pattern: new RegExp(`^(?:${match})$`, 'u'), to }));
  return (text) => {
    const first = patterns.find(({ pattern }) => pattern.test(text));
    return first && text.replace(first.pattern, first.to);
  };
}

/** Whether a row of a file has their number in a column that names somebody. */
export function namesThem(row: object, { columns, isTheirs }: SubjectCells): boolean {
  return Object.entries(row).some(([name, value]) => columns.has(name) && isTheirs(value));
}

/** The dataset of a landing file, by the URI that rows and letters have of it. */
export function datasetOf(uri: unknown): string | undefined {
  return typeof uri === 'string' ? /\/landing\/([^/]+)\/./.exec(uri)?.[1] : undefined;
}
