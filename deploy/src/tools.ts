import { TransientError, TributaryError, UserError } from '@tributary/platform/errors';
import type { z } from 'zod';
import { commandFailed } from './errors.ts';
import type { DeployLog } from './log.ts';

/** One run of a program. */
export interface Invocation {
  readonly command: Program;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Shows what the program prints while it runs. */
  readonly stream?: boolean;
  /** A secret goes this way: never as an argument, and never into a file. */
  readonly stdin?: string;
}

export type Program = 'gcloud' | 'terraform' | 'docker' | 'mvn';

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. @throws {UserError} TOOL_MISSING when it is not on PATH. */
export type Exec = (invocation: Invocation) => Promise<Outcome>;

/**
 * The programs that a deploy drives. Everything that changes something outside of this machine goes through `change`, which a plan does not have: it throws
 * there, so that a slip in a step cannot change anything either.
 */
export class Tools {
  readonly #exec: Exec;
  readonly #log: DeployLog;
  readonly #readOnly: boolean;
  #interrupted = false;

  constructor(exec: Exec, log: DeployLog, options: { readOnly: boolean }) {
    this.#exec = exec;
    this.#log = log;
    this.#readOnly = options.readOnly;
  }

  /** After this, no further command begins until `resume`; the one that runs is let end. */
  interrupt(): void {
    this.#interrupted = true;
  }

  /** Lets commands begin again: a rollback after an interruption has its own. */
  resume(): void {
    this.#interrupted = false;
  }

  /** Runs what only looks. @throws {TributaryError} typed by what the program prints */
  async read(invocation: Invocation): Promise<string> {
    const outcome = await this.tryRead(invocation);
    if (outcome.exitCode !== 0) throw commandFailed(shown(invocation), outcome.exitCode, outcome.stderr);
    return outcome.stdout;
  }

  /** As `read`, with a failure given back instead of thrown. */
  async tryRead(invocation: Invocation): Promise<Outcome> {
    return await this.#run(invocation);
  }

  /** Reads a program's JSON. @throws {TributaryError} UNEXPECTED_OUTPUT when it has another form */
  async readJson<S extends z.ZodType>(invocation: Invocation, schema: S): Promise<z.output<S>> {
    return parseOutput(invocation, await this.read(invocation), schema);
  }

  /** Runs what changes something. @throws {TributaryError} typed by what the program prints */
  async change(invocation: Invocation): Promise<string> {
    const outcome = await this.tryChange(invocation);
    if (outcome.exitCode !== 0) throw commandFailed(shown(invocation), outcome.exitCode, outcome.stderr);
    return outcome.stdout;
  }

  /** As `change`, with a failure given back instead of thrown. */
  async tryChange(invocation: Invocation): Promise<Outcome> {
    if (this.#readOnly)
      throw new TributaryError(
        'PLAN_MUTATES',
        'bug',
        `A plan was about to run "${shown(invocation)}", which changes something.`,
      );
    return await this.#run(invocation);
  }

  async #run(invocation: Invocation): Promise<Outcome> {
    if (this.#interrupted)
      throw new TransientError('INTERRUPTED', 'Stopped by a signal; run the command again to go on.');
    this.#log.command(shown(invocation));
    return await this.#exec(invocation);
  }
}

/** A command line as a person would type it. No argument of ours holds a secret. */
export function shown({ command, args }: Invocation): string {
  return [
    command,
    ...args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`)),
  ].join(' ');
}

/** @throws {UserError} UNEXPECTED_OUTPUT */
export function parseOutput<S extends z.ZodType>(invocation: Invocation, text: string, schema: S): z.output<S> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw unexpected(invocation, 'no JSON');
  }
  const result = schema.safeParse(parsed);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw unexpected(invocation, `${issue?.path.join('.')}: ${issue?.message}`);
  }
  return result.data;
}

// What was printed is not repeated: it may hold anything.
function unexpected(invocation: Invocation, reason: string): UserError {
  return new UserError(
    'UNEXPECTED_OUTPUT',
    `"${shown(invocation)}" printed something that is not understood here (${reason}). Bring gcloud and terraform up to date, or report it.`,
  );
}
