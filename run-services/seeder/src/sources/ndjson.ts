import { inspectFiles, listInputFiles } from '../input-files.ts';
import { decodeUtf8, type Line, readLines } from '../lines.ts';
import type { Operation, Origin, TableName } from '../operation.ts';
import { TABLES } from '../tables.ts';
import { readMoment } from '../wire-values.ts';
import { checkChange, checkKey, checkWholeRow } from './row-check.ts';
import type { OpenSource } from './source.ts';

/** Raised when the same file would give other operations. */
const MAPPING_VERSION = 'ndjson/1';

/**
 * The project's own format, one JSON object a line: `{"ts","table","op":"insert","row"}`, `{"ts","table","op":"update","row"}` with the key and the changed
 * columns, or `{"ts","table","op":"delete","key"}`; values in the wire encoding of docs/interfaces.md. A `.ndjson` file, or a folder of them.
 *
 * Operations are applied in file order. A line that breaks its table's contract is a BAD_VALUE that names the field; blank lines are skipped.
 */
export const openNdjson: OpenSource = async (input) => {
  const files = await listInputFiles(input, ['.ndjson', '.jsonl']);
  const { fingerprint, lines } = await inspectFiles(files, MAPPING_VERSION);
  return {
    fingerprint,
    expectedOperations: lines,
    async *operations(reject) {
      for (const file of files) {
        for await (const line of readLines(file)) {
          const origin = { file: file.name, line: line.number };
          const read = readOperation(line, origin);
          if (read === null) continue;
          if ('problem' in read) reject({ ...origin, reason: 'BAD_VALUE', detail: read.problem });
          else yield read;
        }
      }
    },
  };
};

const MEMBERS = { insert: 'row', update: 'row', delete: 'key' } as const;
const CHECKS = { insert: checkWholeRow, update: checkChange, delete: checkKey } as const;

function readOperation({ bytes }: Line, origin: Origin): Operation | { problem: string } | null {
  const text = decodeUtf8(bytes);
  if (text === null) return { problem: 'the line is not UTF-8' };
  if (text.trim() === '') return null;
  const event = parseObject(text);
  if (!event) return { problem: 'the line is not a JSON object' };

  const moment = typeof event.ts === 'string' ? readMoment(event.ts) : null;
  if (!moment) return { problem: 'ts is not a time such as 2026-03-02T08:26:00.000000Z' };
  const table = TABLES.get(event.table as TableName);
  if (!table) return { problem: `table is not one of ${[...TABLES.keys()].join(', ')}` };
  const op = event.op as keyof typeof MEMBERS;
  if (!Object.hasOwn(MEMBERS, op)) return { problem: 'op is not one of insert, update, delete' };
  const member = MEMBERS[op];
  if (Object.keys(event).some((name) => !['ts', 'table', 'op', member].includes(name))) {
    return { problem: `an ${op} has ts, table, op and ${member}, and nothing else` };
  }
  const checked = CHECKS[op](table, event[member]);
  if ('problem' in checked) return checked;
  return { time: moment.micros, table: table.name, op, row: checked.row, origin };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
