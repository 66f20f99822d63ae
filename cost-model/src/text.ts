import type { Estimate } from './estimate.ts';
import type { Workload } from './workload.ts';

const dollars = (amount: number): string =>
  amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Three figures that count, so that neither 0.0021 million requests nor 244,752 GiB are lost. */
const quantity = (amount: number): string =>
  amount.toLocaleString('en-US', { maximumSignificantDigits: 3, useGrouping: true });

/** The bill as columns for a terminal: component, what, quantity and unit, US dollars a month, and how well the price is known. */
export function billLines({ lines, total }: Estimate): string[] {
  const rows = lines.map(({ component, what, quantity: amount, price, dollars: cost }) => [
    component,
    what,
    quantity(amount),
    price.unit,
    dollars(cost),
    price.evidence,
  ]);
  const head = ['component', 'what', 'quantity', 'unit', '$ a month', 'price known from'];
  const all = [head, ...rows, ['total', '', '', '', dollars(total), '']];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const isNumber = (column: number) => column === 2 || column === 4;
  return all.map((row) =>
    row
      .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** What the bill was made from, in one sentence each. */
export function assumptionLines(workload: Workload): string[] {
  const number = (value: number) => value.toLocaleString('en-US');
  return [
    `Assumed: ${number(workload.eventsPerSecond)} events/s of ${number(workload.messageBytes)} bytes on the bus, ${workload.featureRowsPerEvent} feature rows an event of ${number(workload.featureRowBytes)} bytes;`,
    `  ${number(workload.rawFileBytesPerEvent)} + ${number(workload.processedFileBytesPerEvent)} bytes an event in the lake, ${number(workload.warehouseBytesPerEvent)} in BigQuery, ${number(workload.historyDays)} days of history;`,
    `  ${number(workload.streams)} streams, files every ${number(workload.flushSeconds)} s; ${number(workload.readsPerSecond)} requests/s; ${number(workload.entities)} entities of ${number(workload.onlineBytesPerEntity)} bytes online;`,
    `  BigQuery budget ${number(Math.round(workload.dailyBytesBudget / 2 ** 30))} GiB a day${workload.withDatabase ? '' : '; without a database'}. npm run cost -- --help lists what can be set.`,
    'List prices without credits, commitments, taxes or support; “from memory” is the list price as published at the URL in cost-model/src/us-central1.ts, not verified offline.',
  ];
}
