import { z } from 'zod';
import { UserError } from '../errors/index.ts';
import { isPreconditionFailed } from '../group-commit/index.ts';
import type { Lake } from '../lake/port.ts';

/** The list; the pipeline reads it too. docs/interfaces.md#erasures */
export const ERASURES = 'erasures/list.json';

const listSchema = z.strictObject({ subjects: z.record(z.string(), z.array(z.string())) });
type List = z.output<typeof listSchema>;

/** How often the list is written anew because somebody else changed it in between; each of them made progress. */
const MAX_ATTEMPTS = 20;

/** The ids of erasures, by subject. */
export type Erasures = ReadonlyMap<string, ReadonlySet<string>>;

export function isListed(erasures: Erasures, subject: string, ids: readonly string[]): boolean {
  const listed = erasures.get(subject);
  return listed !== undefined && ids.some((id) => listed.has(id));
}

/**
 * Reads the list as it is now; empty where nobody was ever erased.
 *
 * @throws {UserError} ERASURES_UNREADABLE: to go on without it would bring people back.
 */
export async function readErasures(lake: Lake, bucket: string): Promise<Erasures> {
  const found = await lake.read(bucket, ERASURES);
  return erasuresOf(found ? parse(found.body) : { subjects: {} });
}

/** Puts an erasure on the list. Whoever was on it stays, and once is enough. */
export function enlist(lake: Lake, bucket: string, subject: string, id: string): Promise<void> {
  return change(lake, bucket, subject, (ids) => (ids.includes(id) ? undefined : [...ids, id]));
}

/** Takes one off that was put there for nobody. */
export function strikeOff(lake: Lake, bucket: string, subject: string, id: string): Promise<void> {
  return change(lake, bucket, subject, (ids) => (ids.includes(id) ? ids.filter((other) => other !== id) : undefined));
}

export function erasuresOf({ subjects }: List): Erasures {
  return new Map(Object.entries(subjects).map(([subject, ids]) => [subject, new Set(ids)]));
}

export function parse(body: Buffer): List {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    value = undefined;
  }
  const result = listSchema.safeParse(value);
  if (result.success) return result.data;
  throw new UserError(
    'ERASURES_UNREADABLE',
    `${ERASURES} of the lake is not what npm run erase writes; restore it. Nothing is taken in until then, for it might be of somebody who was erased.`,
  );
}

async function change(
  lake: Lake,
  bucket: string,
  subject: string,
  edit: (ids: readonly string[]) => string[] | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await lake.read(bucket, ERASURES);
    const list = found ? parse(found.body) : { subjects: {} };
    const ids = edit(list.subjects[subject] ?? []);
    if (ids === undefined) return;
    const body = `${JSON.stringify({ subjects: { ...list.subjects, [subject]: ids } }, null, 1)}\n`;
    try {
      await lake.write(bucket, ERASURES, body, {
        ...(found ? { ifMatch: found.object.token } : { ifAbsent: true }),
        contentType: 'application/json',
      });
      return;
    } catch (error) {
      if (!isPreconditionFailed(error) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}
