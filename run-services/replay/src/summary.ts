import type { ReplayReport } from './replay.ts';

/** Counts of one stage and reason. */
export interface SummaryLine {
  readonly stage: string;
  readonly reason: string;
  readonly replayed: number;
  readonly refused: number;
  readonly final: number;
}

/** What a replay did, by stage and reason; and why what stays does, each reason once with how many it keeps. */
export function summaryOf({ outcomes }: ReplayReport): {
  readonly lines: readonly SummaryLine[];
  readonly why: readonly { readonly count: number; readonly why: string; readonly example: string }[];
} {
  const lines = new Map<string, { -readonly [K in keyof SummaryLine]: SummaryLine[K] }>();
  const why = new Map<string, { count: number; why: string; example: string }>();
  for (const outcome of outcomes) {
    const key = `${outcome.stage} ${outcome.reason}`;
    const line = lines.get(key) ?? { stage: outcome.stage, reason: outcome.reason, replayed: 0, refused: 0, final: 0 };
    lines.set(key, line);
    line[outcome.state] += 1;
    if (outcome.why === undefined) continue;
    const said = why.get(outcome.why) ?? { count: 0, why: outcome.why, example: outcome.name };
    why.set(outcome.why, said);
    said.count += 1;
  }
  return {
    lines: [...lines.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line),
    why: [...why.values()].sort((a, b) => b.count - a.count),
  };
}
