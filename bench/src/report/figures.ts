import { loadavg } from 'node:os';

/** Figures by name; a name ends in its unit. */
export type Figures = Record<string, number | string>;

/** The load average of the minute before: what else the machine did. */
export function loadAverage(): number {
  return round(loadavg()[0] ?? 0);
}

/** Prints the last line: one JSON object. */
export function printFigures(name: string, figures: Figures): void {
  process.stdout.write(`${JSON.stringify({ name, ...figures })}\n`);
}

/** Two decimals at most, none from a hundred on. */
export function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 100) / 100;
}
