import { UserError } from '@tributary/platform/errors';
import { Command, InvalidArgumentError, Option } from 'commander';
import { estimate } from './estimate.ts';
import { limits } from './limits.ts';
import { pricesOf } from './regions.ts';
import { assumptionLines, billLines } from './text.ts';
import { type Workload, workloadOf } from './workload.ts';
import { writeDocuments } from './write-documents.ts';

/** Inputs that may be given, with what they are in `Workload`. */
const INPUTS: readonly (readonly [flag: string, name: keyof Workload, description: string])[] = [
  ['--message-bytes <bytes>', 'messageBytes', 'size of a change on the bus, attributes included'],
  ['--row-bytes <bytes>', 'warehouseBytesPerEvent', 'size of a row in BigQuery, uncompressed'],
  ['--features-per-event <rows>', 'featureRowsPerEvent', 'feature rows that an event makes'],
  ['--reads <per second>', 'readsPerSecond', 'requests for features a second (default: a tenth of the events)'],
  ['--entities <number>', 'entities', 'customers, products, … online (default: a thousand for each event a second)'],
  ['--entity-bytes <bytes>', 'onlineBytesPerEntity', 'what one takes in Redis'],
  ['--streams <number>', 'streams', 'tables with a contract'],
  ['--history-days <days>', 'historyDays', 'days of data that have piled up'],
  ['--flush-seconds <seconds>', 'flushSeconds', 'how long the pipeline gathers rows into a file'],
  ['--daily-bytes-budget <bytes>', 'dailyBytesBudget', 'DAILY_BYTES_BUDGET'],
];

function positive(text: string): number {
  const number = Number(text.replace(/[_,]/g, ''));
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError('expected a number above zero');
  return number;
}

/**
 * `npm run cost -- --events 1000`: what a workload costs a month, line by line, with what was assumed and what it runs into.
 *
 * @param args without the program's name
 * @throws {UserError} REGION_WITHOUT_PRICES; ARGUMENTS_INVALID, with the message of the argument at fault
 */
export function cost(args: readonly string[], print: (text: string) => void): void {
  const program = new Command('npm run cost --')
    .description('what a workload costs a month on Google Cloud, at list prices')
    .option('--events <per second>', 'changes of rows a second, around the clock', positive)
    .option('--region <region>', 'whose prices', 'us-central1')
    .addOption(
      new Option('--server-billing <by>', 'how Cloud Run bills feast-server').choices(['requests', 'instances']),
    )
    .addOption(new Option('--features-delivery <how>', 'how feature rows reach it').choices(['push', 'pull']))
    .option('--no-database', 'Postgres is there already and paid for')
    .option('--write', "writes the documents' tables instead", false)
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => undefined });
  for (const [flag, , description] of INPUTS) program.option(flag, description, positive);
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === 'commander.helpDisplayed') return;
    throw new UserError('ARGUMENTS_INVALID', message, { cause: error });
  }
  const options = program.opts<
    Record<string, number> &
      Partial<Pick<Workload, 'serverBilling' | 'featuresDelivery'>> & {
        region: string;
        database: boolean;
        write: boolean;
      }
  >();
  if (options.write) {
    writeDocuments();
    return;
  }
  if (options.events === undefined)
    throw new UserError('ARGUMENTS_INVALID', 'How many events a second? Add --events, for example: --events 1000');
  const { serverBilling, featuresDelivery } = options;
  const given = [
    ...INPUTS.map(([flag, name]) => [name, options[optionName(flag)]]),
    ...Object.entries({ serverBilling, featuresDelivery }),
  ];
  const said = Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Partial<Workload>;
  const workload = workloadOf({ eventsPerSecond: options.events, ...said, withDatabase: options.database });
  const bill = estimate(workload, pricesOf(options.region));
  print(`${[...billLines(bill), '', ...assumptionLines(workload), '', ...limits(workload)].join('\n').trimEnd()}\n`);
}

/** `--message-bytes <bytes>` → `messageBytes`, as commander names it. */
function optionName(flag: string): string {
  return flag
    .split(' ')[0]!
    .slice(2)
    .replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
