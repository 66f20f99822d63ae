import { estimate } from './estimate.ts';
import { limits } from './limits.ts';
import { COMPONENTS } from './line.ts';
import { PRICE_NAMES, type PriceList } from './price.ts';
import { US_CENTRAL1 } from './us-central1.ts';
import { workloadOf } from './workload.ts';

/** The rates that docs/deploy.md tells about, in events a second. */
export const RATES = [10, 1_000, 50_000] as const;
/** How long contracts keep files (contracts/generated/lifecycle.json). */
const FULL_HISTORY_DAYS = 400;

const whole = (dollars: number): string => Math.round(dollars).toLocaleString('en-US');
const number = (value: number): string => value.toLocaleString('en-US');
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** Documents with tables of the model, and which. */
export const DOCUMENTS = { 'docs/deploy.md': ['bill'], 'docs/cost.md': ['bill', 'limits', 'prices'] } as const;
type Table = (typeof DOCUMENTS)[keyof typeof DOCUMENTS][number];

const TABLES: Readonly<Record<Table, (list: PriceList) => string[]>> = {
  /** Components by rate. */
  bill(list) {
    const bills = RATES.map((eventsPerSecond) => estimate(workloadOf({ eventsPerSecond }), list));
    const full = RATES.map((eventsPerSecond) =>
      estimate(workloadOf({ eventsPerSecond, historyDays: FULL_HISTORY_DAYS }), list),
    );
    return [
      row([`US dollars a month, ${list.region}`, ...RATES.map((rate) => `${number(rate)} events/s`)]),
      `|---|${RATES.map(() => '--:').join('|')}|`,
      ...COMPONENTS.map((component) =>
        row([component, ...bills.map(({ byComponent }) => whole(byComponent[component]))]),
      ),
      row(['**total, 30 days of history**', ...bills.map(({ total }) => `**${whole(total)}**`)]),
      row(['without Cloud SQL', ...bills.map(({ total, byComponent }) => whole(total - byComponent['Cloud SQL']))]),
      row([`total, ${FULL_HISTORY_DAYS} days of history`, ...full.map(({ total }) => whole(total))]),
    ];
  },
  limits: () => RATES.flatMap((rate) => said(rate, limits(workloadOf({ eventsPerSecond: rate })))),
  prices: ({ prices }) => [
    '| price | $ | per | known from |',
    '|---|--:|---|---|',
    ...PRICE_NAMES.map((name) => {
      const { dollars, unit, source, evidence, read } = prices[name];
      return row([`\`${name}\``, String(dollars), unit, `[${evidence}](${source}), ${read}`]);
    }),
  ],
};

function said(rate: number, found: readonly string[]): string[] {
  const at = `- ${number(rate)} events/s: `;
  return found.length === 0 ? [`${at}nothing.`] : found.map((limit) => `${at}${limit}`);
}

/**
 * A document with its tables between their marks.
 *
 * @throws {Error} when a mark is missing
 */
export function withTables(document: string, tables: readonly Table[], list: PriceList = US_CENTRAL1): string {
  return tables.reduce((text, table) => {
    const begin = `<!-- cost-model ${table}: begin (npm run cost -- --write) -->\n`;
    const end = `<!-- cost-model ${table}: end -->`;
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`the document lacks “${begin.trim()}” or “${end}”`);
    return `${text.slice(0, from)}${begin}${TABLES[table](list).join('\n')}\n${text.slice(to)}`;
  }, document);
}
