import { UserError } from '@tributary/platform/errors';
import { Command, Option } from 'commander';

/**
 * The commands that people run through npm scripts. Each is loaded when it is asked for, so that `doctor` starts without Kafka's client. An error that a
 * person can act on ends in its message and exit status 1, without a stack trace.
 */
const program = new Command('tributary')
  .description('Tributary on a laptop')
  .showHelpAfterError('(add --help for what there is)');

program
  .command('demo')
  .description('sets up and starts everything, seeds, waits until every change is online, and checks every layer')
  .option('--input <path>', 'file or folder with events (default: the committed mock events)')
  .addOption(
    new Option('--format <format>', 'format of the input')
      .choices(['ndjson', 'online-retail', 'taobao'])
      .default('ndjson'),
  )
  .option('--rate <rate>', 'seed at this rate, for example 500/s')
  .option('--speed <factor>', 'replay the recorded time this many times as fast')
  .option('--keep', 'leave everything running afterwards', false)
  .option('--lake <lake>', 'minio, or gcs: the adapter of Cloud Storage on a stand-in (default: LAKE)')
  .option('--bus <bus>', 'kafka, or pubsub: the adapter of Pub/Sub on a stand-in (default: BUS)')
  .action(async (options) => (await import('./demo/demo.ts')).demo(options));

program
  .command('up')
  .description('starts everything and leaves it running; its state survives until reset')
  .action(async () => (await import('./commands/lifecycle.ts')).up());

program
  .command('down')
  .description('stops every running instance')
  .action(async () => (await import('./commands/lifecycle.ts')).down());

program
  .command('reset')
  .description('stops everything and deletes its state')
  .action(async () => (await import('./commands/lifecycle.ts')).reset());

program
  .command('status')
  .description('shows components, their addresses and their memory')
  .option('--json', 'as JSON', false)
  .action(async (options) => (await import('./commands/status.ts')).status(options));

program
  .command('logs')
  .description('prints the logs of one component, or of all')
  .argument('[component]')
  .option('-f, --follow', 'keep printing', false)
  .action(async (component, options) => (await import('./commands/logs.ts')).logs(component, options));

program
  .command('doctor')
  .description('checks what the machine must bring and names what is missing')
  .action(async () => (await import('./commands/doctor.ts')).doctor());

program
  .command('setup')
  .description('fetches and builds everything, and starts nothing')
  .action(async () => (await import('./commands/lifecycle.ts')).setup());

program
  .command('seed')
  .description("writes events to the running instance's database")
  .option('--input <path>', 'file or folder with events (default: the committed mock events)')
  .addOption(
    new Option('--format <format>', 'format of the input')
      .choices(['ndjson', 'online-retail', 'taobao'])
      .default('ndjson'),
  )
  .option('--rate <rate>', 'at this rate, for example 500/s')
  .option('--speed <factor>', 'replay the recorded time this many times as fast')
  .action(async (options) => (await import('./commands/seed.ts')).seedRunning(options));

program
  .command('replay')
  .description('puts dead letters and quarantined objects of a stream back through the pipeline')
  .argument('<stream>', 'a stream, or _unknown for what no contract knew')
  .option('--stage <stage>', 'bridge, pipeline, landing or load')
  .option('--reason <code>', 'letters of this reason only')
  .option('--since <time>', 'letters whose original is not older')
  .option('--wait <seconds>', 'how long to wait for what is refused again (default: 10)')
  .option('--dry-run', 'only say what would happen', false)
  .action(async (stream, options) => (await import('./commands/replay.ts')).replayRunning(stream, options));

program
  .command('backfill')
  .description('re-creates processed rows of a stream from the raw messages of a time range')
  .argument('<stream>', 'a stream that has a contract')
  .option('--from <time>', 'messages published from here on: a day, or a time with its zone')
  .option('--to <time>', 'messages published before this (default: now)')
  .option('--settle <duration>', 'leave out raw files younger than this (default: 5m)')
  .action(async (stream, options) => (await import('./commands/backfill.ts')).backfillRunning(stream, options));

program
  .command('compact')
  .description('merges small files of hours that nobody writes to any more')
  .option('--stream <stream>', 'one stream only')
  .option('--older-than <duration>', 'leave hours alone that have a file younger than this (default: 1h)')
  .action(async (options) => (await import('./commands/compact.ts')).compactRunning(options));

program
  .command('erase')
  .description('removes a person from everything: --customer ID [--dry-run] [--settle SECONDS]')
  .argument('[arguments...]')
  .allowUnknownOption()
  .action(async (args) => (await import('./commands/erase.ts')).eraseRunning(args));

program
  .command('cost')
  .description('what a workload costs a month on Google Cloud: --events PER_SECOND [--region REGION] …')
  .argument('[arguments...]')
  .allowUnknownOption()
  .helpOption(false)
  .action(async (args) => {
    const { cost } = await import('@tributary/cost-model');
    cost(args, (text) => process.stdout.write(text));
  });

program
  .command('front-door')
  .description('opens the front door of the running instance, as Firebase Hosting serves it')
  .option('--port <port>', 'where to listen (default: 5000, or a free one)')
  .action(async (options) => (await import('./commands/front-door.ts')).frontDoor(options));

program
  .command('gateway')
  .description('opens one port for every HTTP endpoint of the running instance, for development')
  .option('--port <port>', 'where to listen (default: 3000, or a free one)')
  .action(async (options) => (await import('./commands/gateway.ts')).gateway(options));

program
  .command('config')
  .description('shows each variable of a deployable, or of all: its value, where it comes from, what it is for')
  .argument('[deployable]', 'as terraform/deployables.yaml names it')
  .option('--env <env>', 'the <env> of the .env.<env> to read (default: TRIBUTARY_ENV, or local)')
  .action(async (deployable, options) => (await import('./commands/config.ts')).config(deployable, options));

program
  .command('contracts')
  .description('lints the contracts and generates what follows from them')
  .option('--check', 'only check that generated files are fresh', false)
  .option(
    '--breaking [commit]',
    'say what breaks writers or readers since a commit (default: where the branch left main)',
  )
  .action(async (options) => (await import('./commands/contracts.ts')).contracts(options));

program
  .command('data-docs')
  .description("copies the quality gates' data docs to a folder and prints their address")
  .argument('[folder]', "where to put them (default: the instance's own state)")
  .action(async (folder) => (await import('./commands/data-docs.ts')).dataDocs(folder));

program
  .command('bench')
  .description('measures: pipeline, linear, latency, materialize and more; bench/README.md')
  .argument('[arguments...]')
  .helpOption(false)
  .allowUnknownOption()
  .action(async (args) => (await import('./commands/bench.ts')).bench(args));

program
  .command('infra')
  .description("runs Terraform's own checks without an account: fmt, validate, plan or test")
  .argument('<action>', 'fmt, validate, plan or test')
  .argument('[folder]', 'one folder below terraform/ (default: all; plan: both environments)')
  .addOption(
    new Option('--providers <source>', 'where providers come from')
      .choices(['auto', 'registry', 'stand-in'])
      .default('auto'),
  )
  .action(async (action, folder, options) => (await import('./commands/infra.ts')).infra(action, folder, options));

program
  .command('package')
  .description('writes source packages, as buildpacks and Cloud Functions take them')
  .argument('[deployable]', 'one deployable (default: all that are deployed from source)')
  .option('--out <folder>', 'where to put them (default: .tributary/packages)')
  .option('--json', 'say as JSON what was written', false)
  .action(async (deployable, options) => (await import('./commands/package.ts')).packageSources(deployable, options));

program
  .command('image')
  .description(
    'prints the options that docker buildx build takes for an image: base images by digest, target, revision',
  )
  .argument('<image>', 'an image, as deploy/images/README.md lists them')
  .action(async (image) => (await import('./commands/image.ts')).imageOptions(image));

program
  .command('pin')
  .description('asks registries and GitHub for digests of base images and commits of actions, and keeps them')
  .option('--check', 'only check that all are there; asks nobody', false)
  .action(async (options) => (await import('./commands/pin.ts')).pinVersions(options));

program
  .command('scan')
  .description('looks for known weaknesses or secrets: dependencies, secrets, or image <file>')
  .argument('<what>', 'dependencies, secrets or image')
  .argument('[file]', 'an image, as docker save writes it')
  .action(async (what, file) => (await import('./commands/scan.ts')).scan(what, file));

program
  .command('deploy')
  .description(
    'builds what changed and brings a Google Cloud project to it: --project P --env dev [--plan]; deploy/README.md',
  )
  .argument('[arguments...]')
  .helpOption(false)
  .allowUnknownOption()
  .action(async (args) => {
    process.exitCode = await (await import('@tributary/deploy')).deploy(args);
  });

program
  .command('destroy')
  .description('deletes what deploy made, after the name of the project was typed: --project P --env dev')
  .argument('[arguments...]')
  .helpOption(false)
  .allowUnknownOption()
  .action(async (args) => {
    process.exitCode = await (await import('@tributary/deploy')).destroy(args);
  });

program
  .command('test')
  .description('runs every check and test')
  .option('--only <part>', 'static, unit, java, python, infra or integration')
  .action(async (options) => (await import('./commands/test.ts')).test(options));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof UserError || process.env.LOG_LEVEL !== 'debug') {
    const code = error instanceof UserError ? ` [${error.code}]` : '';
    process.stderr.write(`\nError${code}: ${error instanceof Error ? error.message : String(error)}\n`);
    if (!(error instanceof UserError))
      process.stderr.write('This is not an error we expected; LOG_LEVEL=debug shows where it came from.\n');
  } else {
    console.error(error);
  }
  process.exitCode = 1;
}
// Clients of a stopped instance may keep sockets open; the command is over.
process.exit(process.exitCode ?? 0);
