import { readFileSync } from 'node:fs';

const gcloudFlags = JSON.parse(readFileSync(new URL('gcloud-flags.json', import.meta.url), 'utf8')) as {
  readonly everywhere: Readonly<Record<string, FlagKind>>;
  readonly commands: Readonly<Record<string, Readonly<Record<string, FlagKind>>>>;
};

/** What a flag takes: nothing, any value, or one of some. */
type FlagKind = string | readonly string[];

interface Command {
  readonly path: string;
  readonly flags: Readonly<Record<string, FlagKind>>;
}

/** A command line that was found to be one that the program knows. */
export interface CommandLine {
  /** `run services list` */
  readonly path: string;
  readonly positionals: readonly string[];
  /** `true` for a flag without a value; the last one given counts, and `all` has every one. */
  readonly flags: ReadonlyMap<string, string | true>;
  readonly all: readonly (readonly [string, string | true])[];
}

/** What the real program would say of a command line that it does not know, and end with a status of its own. */
export class UnknownCommandLine extends Error {}

/**
 * Flags by command. gcloud's come from its own command tree (gcloud-flags.json names the release, flags-of-gcloud.py writes it), Terraform's from `terraform <command> -help`
 * of 1.11.4, Docker's from https://docs.docker.com/reference/cli/docker/buildx/build/ (buildx 0.24).
 */
const COMMANDS: Readonly<Record<'gcloud' | 'terraform' | 'docker', readonly Command[]>> = {
  gcloud: Object.entries(gcloudFlags.commands).map(([path, flags]) => ({
    path,
    flags: { ...gcloudFlags.everywhere, ...flags },
  })),
  terraform: [
    { path: 'version', flags: { '-json': 'bool' } },
    {
      path: 'init',
      flags: {
        '-backend': 'value',
        '-backend-config': 'value',
        '-input': 'value',
        '-no-color': 'bool',
        '-reconfigure': 'bool',
        '-upgrade': 'bool',
        '-lockfile': 'value',
      },
    },
    {
      path: 'plan',
      flags: {
        '-destroy': 'bool',
        '-detailed-exitcode': 'bool',
        '-input': 'value',
        '-lock': 'value',
        '-lock-timeout': 'value',
        '-no-color': 'bool',
        '-out': 'value',
        '-refresh': 'value',
        '-target': 'value',
        '-var': 'value',
        '-var-file': 'value',
      },
    },
    {
      path: 'apply',
      flags: {
        '-auto-approve': 'bool',
        '-input': 'value',
        '-lock': 'value',
        '-lock-timeout': 'value',
        '-no-color': 'bool',
      },
    },
    { path: 'output', flags: { '-json': 'bool', '-no-color': 'bool' } },
    { path: 'show', flags: { '-json': 'bool', '-no-color': 'bool' } },
  ],
  docker: [
    { path: 'buildx version', flags: {} },
    { path: 'version', flags: { '--format': 'value' } },
    {
      path: 'buildx build',
      flags: {
        '--build-arg': 'value',
        '--file': 'value',
        '--platform': 'value',
        '--provenance': 'value',
        '--push': 'bool',
        '--sbom': 'value',
        '--tag': 'value',
        '--target': 'value',
      },
    },
  ],
};

/** Shell completion knows a flag's plain form; gcloud takes `--no-` before each of these too. */
const negated = (name: string): string => name.replace(/^--no-/, '--');

/**
 * Reads a command line as the program would.
 *
 * @throws {UnknownCommandLine} for a command or a flag that it does not know, a value where none goes, and none where one goes
 */
export function readCommandLine(program: 'gcloud' | 'terraform' | 'docker', args: readonly string[]): CommandLine {
  // Terraform's only option before its command.
  const rest = program === 'terraform' && args[0]?.startsWith('-chdir=') ? args.slice(1) : args;
  const command = COMMANDS[program]
    .filter(({ path }) => path.split(' ').every((part, index) => rest[index] === part))
    .sort((a, b) => b.path.length - a.path.length)[0];
  if (command === undefined)
    throw new UnknownCommandLine(`${program}: there is no command "${rest.slice(0, 4).join(' ')}"`);
  const positionals: string[] = [];
  const all: [string, string | true][] = [];
  for (const arg of rest.slice(command.path.split(' ').length)) {
    if (!arg.startsWith('-') || arg === '-') {
      positionals.push(arg);
      continue;
    }
    const [name = '', ...value] = arg.split('=');
    const kind = command.flags[name] ?? (program === 'gcloud' ? command.flags[negated(name)] : undefined);
    const given = value.length > 0 ? value.join('=') : undefined;
    if (kind === undefined) throw new UnknownCommandLine(`${program} ${command.path}: unrecognized argument ${name}`);
    if (kind === 'bool' && given !== undefined)
      throw new UnknownCommandLine(`${program} ${command.path}: ${name} takes no value`);
    // Every value is written with "=": a value on its own could be taken for a positional.
    if (kind !== 'bool' && !given) throw new UnknownCommandLine(`${program} ${command.path}: ${name} needs a value`);
    if (Array.isArray(kind) && !kind.includes(given!))
      throw new UnknownCommandLine(`${program} ${command.path}: ${name} must be one of ${kind.join(', ')}`);
    all.push([name, given ?? true]);
  }
  return { path: command.path, positionals, flags: new Map(all), all };
}
