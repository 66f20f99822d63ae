import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { TransientError, TributaryError } from '../errors/index.ts';

/** What the program of a job is, and what it may take. */
export interface JobProcess {
  /** For messages: `dbt`, `materialize.py`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  /** Between asking the group to end and ending it; 5 s by default. */
  readonly stopGraceMs?: number;
}

export interface JobOutcome {
  readonly exitCode: number;
  /** The last line of its standard output, read as JSON. */
  readonly result: unknown;
}

/** Less than the ten seconds Cloud Run gives a container after SIGTERM. */
const STOP_GRACE_MS = 5_000;

/**
 * Runs a job's program in a process group of its own and reads its result: one line of JSON, the last on standard output. Its standard error is the job's own.
 *
 * While it runs, SIGTERM and SIGINT end the whole group before this process: nothing of the program is left behind.
 *
 * @throws {TransientError} JOB_TIMED_OUT when it takes longer than `timeoutMs`; its group has been killed.
 * @throws {TributaryError} JOB_BROKEN when it ends without a result: it crashed, or could not be started.
 */
export async function runJobProcess(job: JobProcess): Promise<JobOutcome> {
  const child = spawn(job.command, job.args, {
    cwd: job.cwd,
    env: job.env,
    stdio: ['ignore', 'pipe', 'inherit'],
    // Its own group, so that what the program starts is ended with it.
    detached: true,
  });
  const grace = job.stopGraceMs ?? STOP_GRACE_MS;
  const stopped = (signal: NodeJS.Signals): void => {
    stopGroup(child, grace).finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  process.on('SIGTERM', stopped);
  process.on('SIGINT', stopped);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    void stopGroup(child, grace);
  }, job.timeoutMs);
  try {
    // Once the program has ended, what it started may neither outlive the job nor keep its output open.
    const end = ended(child).finally(() => signalGroup(child, 'SIGKILL'));
    const [output, exitCode] = await Promise.all([text(child.stdout), end]);
    if (timedOut) {
      throw new TransientError(
        'JOB_TIMED_OUT',
        `${job.name} ran for ${job.timeoutMs / 1_000} s without an end and was stopped.`,
      );
    }
    return { exitCode, result: lastLine(job.name, exitCode, output) };
  } catch (error) {
    if (error instanceof TributaryError) throw error;
    throw new TributaryError('JOB_BROKEN', 'bug', `${job.name} could not run: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    process.off('SIGTERM', stopped);
    process.off('SIGINT', stopped);
  }
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}

function lastLine(name: string, exitCode: number, output: string): unknown {
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line);
  } catch {
    throw new TributaryError(
      'JOB_BROKEN',
      'bug',
      `${name} ended with status ${exitCode} and no result; its standard error says why.`,
    );
  }
}

async function stopGroup(child: ChildProcess, graceMs: number): Promise<void> {
  const gone = child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : ended(child).catch(() => {});
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // ESRCH: all of it has ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
