import { UserError } from '@tributary/platform/errors';
import { inspectFiles, listInputFiles } from '../input-files.ts';
import { decodeUtf8, type Line, readLines } from '../lines.ts';
import type { Operation, Origin } from '../operation.ts';
import { TABLES } from '../tables.ts';
import { momentOf, readInteger } from '../wire-values.ts';
import { checkWholeRow } from './row-check.ts';
import type { OpenSource } from './source.ts';

/** Raised when the same file would give other operations. */
const MAPPING_VERSION = 'taobao/1';

/** Hex digits of the file's digest in an event's id: 64 bits, beyond any chance of two files meeting. */
const DIGEST_DIGITS = 16;

/** What a TIMESTAMP covers, the years 1 to 9999, in seconds since the epoch. https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#timestamp_type */
const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;

/**
 * Taobao's UserBehavior: CSV without a header, `user_id,item_id,category_id,behavior,timestamp`; a file, or a folder of them. Each line is one `user_events`
 * row and nothing else: the data tells of no customer and no product. The timestamp is in seconds since the epoch, so an instant in UTC; only the
 * days that the data set's description speaks of are those of UTC+8. The data has no sessions.
 *
 * The event's id is made of the file's content and the line's number, so equal lines stay two events, and the same file is the same events under any name.
 * The file is streamed, in its own order (by user, as published).
 */
export const openTaobao: OpenSource = async (input) => {
  const files = await listInputFiles(input, ['.csv']);
  const { fingerprint, lines, digests } = await inspectFiles(files, MAPPING_VERSION);
  for (const file of files) {
    for await (const line of readLines(file)) {
      if (decodeUtf8(line.bytes)?.split(',').length === 5) break;
      throw new UserError(
        'INPUT_WRONG_FORMAT',
        `${file.name} is not a Taobao UserBehavior file: its first line must be user_id,item_id,category_id,behavior,timestamp as values, without a header.`,
      );
    }
  }
  return {
    fingerprint,
    expectedOperations: lines,
    async *operations(reject) {
      for (const file of files) {
        const prefix = `tb-${digests.get(file.name)!.slice(0, DIGEST_DIGITS)}`;
        for await (const line of readLines(file)) {
          if (line.bytes.length === 0) continue;
          const origin = { file: file.name, line: line.number };
          const read = readEvent(line, `${prefix}-${line.number}`, origin);
          if ('problem' in read) reject({ ...origin, reason: 'BAD_VALUE', detail: read.problem });
          else yield read;
        }
      }
    },
  };
};

function readEvent({ bytes }: Line, eventId: string, origin: Origin): Operation | { problem: string } {
  const cells = decodeUtf8(bytes)?.split(',');
  if (cells?.length !== 5) return { problem: `${cells?.length ?? 'unreadable'} fields instead of 5` };
  const [user, item, category, behavior, timestamp] = cells as [string, string, string, string, string];
  const seconds = readInteger(timestamp);
  if (typeof seconds !== 'number' || seconds < FIRST_SECOND || seconds > LAST_SECOND) {
    return { problem: 'timestamp is not seconds since the epoch within the years 1 to 9999' };
  }
  if (item.trim() === '') return { problem: 'item_id is empty' };
  const moment = momentOf(seconds * 1_000_000);
  const checked = checkWholeRow(TABLES.get('user_events')!, {
    user_event_id: eventId,
    user_id: readInteger(user),
    item_id: item,
    category_id: category.trim() === '' ? null : category,
    behavior,
    session_id: null,
    event_time: moment.text,
  });
  if ('problem' in checked) return checked;
  return { time: moment.micros, table: 'user_events', op: 'insert', row: checked.row, origin };
}
