/** Postgres types of one kind, each able to hold every value of those before it. https://www.postgresql.org/docs/current/datatype.html */
const LADDERS: readonly (readonly string[])[] = [
  ['smallint', 'integer', 'bigint'],
  ['real', 'double precision'],
  ['char', 'varchar', 'text'],
  ['uuid', 'text'],
  ['inet', 'text'],
  ['json', 'jsonb'],
  ['jsonb', 'json'],
];

const TYPE = /^(?<name>[a-z ]+?)\s*(?:\((?<first>\d+)(?:\s*,\s*(?<second>\d+))?\))?$/;

interface ColumnType {
  readonly name: string;
  readonly first: number | undefined;
  readonly second: number | undefined;
}

/** Whether a column of type `after` holds every value that one of type `before` held: `integer` to `bigint`, `numeric(10,2)` to `numeric(18,4)`. */
export function isWidening(before: string, after: string): boolean {
  const [from, to] = [parse(before), parse(after)];
  if (!from || !to) return false;
  if (from.name !== to.name) {
    return LADDERS.some((ladder) => {
      const [low, high] = [ladder.indexOf(from.name), ladder.indexOf(to.name)];
      return low >= 0 && high > low && takesLength(to, from);
    });
  }
  return from.name === 'numeric' ? takesDigits(to, from) : takesLength(to, from);
}

function parse(type: string): ColumnType | undefined {
  const { name, first, second } = TYPE.exec(type.trim().toLowerCase())?.groups ?? {};
  if (name === undefined) return undefined;
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  return { name, first: number(first), second: number(second) };
}

/** No length is any length. */
function takesLength(to: ColumnType, from: ColumnType): boolean {
  return to.first === undefined || (from.first !== undefined && to.first >= from.first);
}

/** As many digits on both sides of the point; no precision is any. */
function takesDigits(to: ColumnType, from: ColumnType): boolean {
  if (to.first === undefined) return true;
  if (from.first === undefined) return false;
  const [toScale, fromScale] = [to.second ?? 0, from.second ?? 0];
  return toScale >= fromScale && to.first - toScale >= from.first - fromScale;
}
