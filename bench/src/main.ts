import { TributaryError } from '@tributary/platform/errors';
import { Command, InvalidArgumentError, Option } from 'commander';
import { stopStacks } from './stack.ts';

/** The benchmarks; `npm run bench -- <name>` sets up what they need and starts this. bench/README.md says what each measures. */
const program = new Command('bench')
  .description('measures the pipeline on this machine; the last line of output is one JSON object')
  .showHelpAfterError('(add --help for what there is)');

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('it is a whole number from 1.');
  return value;
};
const pair = (text: string, before: readonly string[] = []): readonly string[] => {
  if (!/^[^=]+=/.test(text)) throw new InvalidArgumentError('it is name=value.');
  return [...before, text];
};
const events = (): Option =>
  new Option('--events <count>', 'distinct changes of order lines').default(1_000_000).argParser(count);
const runs = (): Option => new Option('--runs <count>', 'of each; the median counts').default(1).argParser(count);
const state = (): Option => new Option('--state <backend>', 'where Flink keeps state').choices(['heap', 'rocksdb']);
const pipelineArg = (): Option =>
  new Option('--pipelineArg <name=value>', 'an argument of the pipeline, without dashes; repeatable')
    .default([])
    .argParser(pair);

program
  .command('pipeline')
  .description(
    'events a second from a full topic to everything written, against a Flink SQL job that does the same work',
  )
  .addOption(events())
  .addOption(runs())
  .addOption(new Option('--only <contestant>', 'only one of them').choices(['ours', 'sql']))
  .addOption(state())
  .addOption(pipelineArg())
  .addOption(
    new Option('--sqlSet <name=value>', 'a table option of the SQL job; repeatable').default([]).argParser(pair),
  )
  .option('--recording <file>', 'keep a JDK Flight Recording of the (last) TaskManager there')
  .action(async (options) => (await import('./benchmarks/pipeline.ts')).pipeline(options));

program
  .command('linear')
  .description('four times the events against one time: rate, memory, and what a remembered id takes')
  .addOption(events())
  .addOption(runs())
  .addOption(state())
  .addOption(pipelineArg())
  .action(async (options) => (await import('./benchmarks/linear.ts')).linear(options));

program
  .command('latency')
  .description('from commit in Postgres to the feature row on the topic')
  .addOption(new Option('--rate <count>', 'order lines a second').default(1_000).argParser(count))
  .addOption(new Option('--seconds <count>', 'measured').default(60).argParser(count))
  .addOption(new Option('--warmup <count>', 'seconds before').default(30).argParser(count))
  .addOption(pipelineArg())
  .action(async (options) => (await import('./benchmarks/latency.ts')).latency(options));

program
  .command('feast-server')
  .description('requests for features a second, against `feast serve` and a bare Node server')
  .addOption(new Option('--seconds <count>', 'of each measurement').default(10).argParser(count))
  .addOption(new Option('--rounds <count>', 'of all contestants; the median counts').default(3).argParser(count))
  .action(async (options) => (await import('./benchmarks/feast-server.ts')).feastServer(options));

program
  .command('materialize')
  .description(
    'a mart put online: rows a second and memory, first whole, then unchanged, then with some rows changed, beside Feast itself',
  )
  .addOption(new Option('--rows <count>', 'customers in the mart').default(1_000_000).argParser(count))
  .option('--no-peer', "leave out Feast's own materialization")
  .action(async (options) => (await import('./benchmarks/materialize.ts')).materialize(options));

program
  .command('load')
  .description(
    'from small objects in the lake to rows in the warehouse, single and ten thousand within a minute, beside one job an object',
  )
  .addOption(new Option('--objects <count>', 'of the burst').default(10_000).argParser(count))
  .addOption(new Option('--seconds <count>', 'in which they are written').default(55).argParser(count))
  .addOption(
    new Option('--peer <count>', 'objects that get a job each, written at the same pace').default(300).argParser(count),
  )
  .addOption(new Option('--idle <count>', 'single objects').default(20).argParser(count))
  .action(async (options) => (await import('./benchmarks/load.ts')).load(options));

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = true;
    process.stderr.write('\nStopping …\n');
    void stopStacks().finally(() => process.exit(130));
  });
}

try {
  await program.parseAsync();
} catch (error) {
  // What fails because it was stopped is no news.
  if (!interrupted) {
    const code = error instanceof TributaryError ? ` [${error.code}]` : '';
    process.stderr.write(`\nError${code}: ${error instanceof Error ? error.message : String(error)}\n`);
    if (process.env.LOG_LEVEL === 'debug') console.error(error);
  }
  process.exitCode = interrupted ? 130 : 1;
} finally {
  await stopStacks();
}
process.exit(process.exitCode ?? 0);
