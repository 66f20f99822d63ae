import { UserError } from '@tributary/platform/errors';
import { type DeadLetter, parseDeadLetter } from '@tributary/platform/events';
import type { LakeObject } from '@tributary/platform/lake';
import type { ReplayPorts, Selection } from './ports.ts';

/** `dead-letter/<stream>/<stage>/dt=YYYY-MM-DD/<id>.json`, or the mark beside it. docs/interfaces.md#dead-letter */
const LETTER = /^dead-letter\/[^/]+\/(?<stage>[^/]+)\/dt=(?<day>[^/]+)\/(?<id>[0-9a-f]{32})\.(?<kind>json|replayed)$/;

const MILLISECONDS_PER_DAY = 86_400_000;

/** A dead letter in the lake. */
export interface StoredLetter {
  readonly name: string;
  readonly stage: string;
}

/** What the listing alone says: a letter with a mark beside it was replayed. */
export interface Letters {
  readonly open: readonly StoredLetter[];
  readonly replayed: readonly StoredLetter[];
}

/** The letters of a selection, as far as their names tell; `read` then looks at reason and time. */
export async function listLetters({ lake, lakeBucket }: ReplayPorts, selection: Selection): Promise<Letters> {
  const letters: StoredLetter[] = [];
  const marked = new Set<string>();
  const prefix = `dead-letter/${selection.stream}/${selection.stage === undefined ? '' : `${selection.stage}/`}`;
  for await (const { name } of lake.list(lakeBucket, prefix)) {
    const parts = LETTER.exec(name)?.groups;
    if (!parts || isBefore(parts.day!, selection.since)) continue;
    if (parts.kind === 'json') letters.push({ name, stage: parts.stage! });
    else marked.add(name);
  }
  const isMarked = ({ name }: StoredLetter): boolean => marked.has(markOf(name));
  return { open: letters.filter((letter) => !isMarked(letter)), replayed: letters.filter(isMarked) };
}

/** Whether a day, the letter's own, ends before the time. */
function isBefore(day: string, since: Date | undefined): boolean {
  return since !== undefined && Date.parse(day) + MILLISECONDS_PER_DAY <= since.getTime();
}

/**
 * Reads a letter.
 *
 * @returns undefined where the selection leaves it out, or it is gone.
 * @throws {UserError} LETTER_UNREADABLE where it is not what docs/interfaces.md says.
 */
export async function readLetter(
  { lake, lakeBucket }: ReplayPorts,
  { name }: StoredLetter,
  { reason, since }: Selection,
): Promise<DeadLetter | undefined> {
  const found = await lake.read(lakeBucket, name);
  if (!found) return undefined;
  let letter: DeadLetter;
  try {
    letter = parseDeadLetter(found.body);
  } catch (error) {
    throw new UserError('LETTER_UNREADABLE', `${name} is not a dead letter: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (reason !== undefined && letter.reason !== reason) return undefined;
  return since !== undefined && Date.parse(letter.time) < since.getTime() ? undefined : letter;
}

/** The mark beside a letter that was replayed: a name that no reader of letters matches. */
function markOf(letterName: string): string {
  return letterName.replace(/\.json$/, '.replayed');
}

/**
 * Marks a letter as replayed. The letter itself stays: it is the record, and a pipeline that starts over writes it again under the same name.
 *
 * Written after the bus has acknowledged the message. A crash in between repeats the message under the same id, which the pipeline drops.
 */
export async function markReplayed(
  { lake, lakeBucket, now = Date.now }: ReplayPorts,
  name: string,
  letter: DeadLetter,
): Promise<LakeObject> {
  const mark = {
    dead_letter_id: letter.dead_letter_id,
    attempt: letter.attempt,
    replayed_at: new Date(now()).toISOString(),
  };
  return lake.write(lakeBucket, markOf(name), `${JSON.stringify(mark)}\n`, { contentType: 'application/json' });
}
