import { UserError } from '@tributary/platform/errors';
import type { InputFile } from '../../input-files.ts';
import type { Origin } from '../../operation.ts';
import type { Reject } from '../../rejects.ts';
import { readCsvRecords } from '../csv-records.ts';
import { COLUMNS, type Column, type InvoiceLine, readInvoiceLine } from './line.ts';

/** An accepted line and where it stands in its invoice. */
export interface PlacedLine extends InvoiceLine {
  /** Counts all lines of the invoice in file order from 1, the rejected ones too: it does not move when the rules for rejecting do. */
  readonly ordinal: number;
  readonly origin: Origin;
}

export interface Invoice {
  readonly invoiceNo: string;
  /** In file order; at least one. */
  readonly lines: readonly PlacedLine[];
  /** The earliest accepted line, the first in file order among equals: the order takes its time, customer and country. */
  readonly earliest: PlacedLine;
}

/**
 * Gathers the invoices of all files, in the order in which a shop took them: by the time of their earliest accepted line, then by file order. An invoice may be
 * spread over files and its lines need not be neighbours.
 *
 * All accepted lines are held in memory: about 600 bytes each (measured), so 0.3 GB for the 541,909 lines of the whole published data set.
 *
 * @throws {UserError} INPUT_WRONG_FORMAT naming the file whose header is not that of the data set.
 */
export async function gatherInvoices(
  files: readonly InputFile[],
  reject: (reject: Reject) => void,
): Promise<readonly Invoice[]> {
  const seen = new Map<string, number>();
  const accepted = new Map<string, PlacedLine[]>();
  for (const file of files) {
    let header: Map<Column, number> | undefined;
    for await (const record of readCsvRecords(file)) {
      if (!header) {
        header = readHeader(file, 'cells' in record ? record.cells : [record.first]);
        continue;
      }
      const origin = { file: file.name, line: record.line };
      const cells = 'cells' in record ? record.cells : [];
      const invoiceNo = 'cells' in record ? cells[header.get('InvoiceNo')!] : record.first;
      const ordinal = (seen.get(invoiceNo ?? '') ?? 0) + 1;
      seen.set(invoiceNo ?? '', ordinal);
      if ('problem' in record) {
        reject({ ...origin, reason: 'BAD_VALUE', detail: record.problem });
      } else if (cells.length !== header.size) {
        reject({ ...origin, reason: 'BAD_VALUE', detail: `${cells.length} fields instead of ${header.size}` });
      } else {
        const line = readInvoiceLine(named(header, cells));
        if ('reason' in line) {
          reject({ ...origin, ...line });
        } else {
          const lines = accepted.get(invoiceNo!);
          const placed = { ...line, ordinal, origin };
          if (lines) lines.push(placed);
          else accepted.set(invoiceNo!, [placed]);
        }
      }
    }
    if (!header) readHeader(file, []);
  }
  const invoices = [...accepted].map(([invoiceNo, lines]) => ({ invoiceNo, lines, earliest: earliestOf(lines) }));
  // A Map keeps the order of first appearance and the sort is stable, so equal times stay in file order.
  return invoices.sort((a, b) => a.earliest.micros - b.earliest.micros);
}

function earliestOf(lines: readonly PlacedLine[]): PlacedLine {
  return lines.reduce((earliest, line) => (line.micros < earliest.micros ? line : earliest));
}

function readHeader(file: InputFile, cells: readonly string[]): Map<Column, number> {
  const positions = new Map(cells.map((cell, index) => [cell.trim(), index]));
  const missing = COLUMNS.filter((column) => !positions.has(column));
  const unknown = [...positions.keys()].filter((name) => !(COLUMNS as readonly string[]).includes(name));
  if (missing.length > 0 || unknown.length > 0 || positions.size !== cells.length) {
    const problems = [
      missing.length > 0 && `lacks ${missing.join(', ')}`,
      missing.length < COLUMNS.length && unknown.length > 0 && `has the unknown ${unknown.join(', ')}`,
      positions.size !== cells.length && 'names a column twice',
    ].filter((problem) => problem !== false);
    throw new UserError(
      'INPUT_WRONG_FORMAT',
      `${file.name} is not an Online Retail file: its first line ${problems.join(' and ')}. It must be ${COLUMNS.join(',')} (in any order).`,
    );
  }
  return positions as Map<Column, number>;
}

function named(header: ReadonlyMap<Column, number>, cells: readonly string[]): Record<Column, string> {
  return Object.fromEntries(COLUMNS.map((column) => [column, cells[header.get(column)!]!])) as Record<Column, string>;
}
