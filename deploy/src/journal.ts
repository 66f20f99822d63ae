import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { commandFailed } from './errors.ts';
import type { Places } from './places.ts';
import { type Served, servedSchema } from './run-state.ts';
import { type Invocation, parseOutput, shown, type Tools } from './tools.ts';

/**
 * The record of a deploy that has begun and not ended, in the state bucket: what was served before it changed anything.
 *
 * It is written before the first change and removed after the last, or after a rollback. A deploy that finds one continues a deploy that died, on whichever
 * machine: what is served by then may be half of each, so a rollback goes back to what the record says, not to what is found.
 */
export interface Unfinished {
  readonly began: string;
  readonly before: Served;
}

const unfinishedSchema = z.object({ began: z.string(), before: servedSchema });

/** gcloud storage says it in several ways, by command and release. */
const NOT_THERE = /matched no objects|not found|404|NotFound|does not exist/i;
/** The name was taken, or changed hands, since it was looked at. */
const TAKEN = /\b412\b|PreconditionFailed|pre-?condition/i;

export function isNotThere(stderr: string): boolean {
  return NOT_THERE.test(stderr);
}

export function isTaken(stderr: string): boolean {
  return TAKEN.test(stderr);
}

/** @returns undefined when the last deploy ended in order. */
export async function readUnfinished(tools: Tools, { journal }: Places): Promise<Unfinished | undefined> {
  const invocation: Invocation = { command: 'gcloud', args: ['storage', 'cat', journal] };
  const outcome = await tools.tryRead(invocation);
  if (outcome.exitCode === 0) return parseOutput(invocation, outcome.stdout, unfinishedSchema);
  if (isNotThere(outcome.stderr)) return undefined;
  throw commandFailed(shown(invocation), outcome.exitCode, outcome.stderr);
}

/**
 * Notes that a deploy begins. Where two begin at once, one note is written, and the other goes by it.
 *
 * @returns the record in force
 */
export async function begin(tools: Tools, places: Places, unfinished: Unfinished): Promise<Unfinished> {
  const file = join(places.work, 'unfinished.json');
  mkdirSync(places.work, { recursive: true, mode: 0o700 });
  writeFileSync(file, JSON.stringify(unfinished), { mode: 0o600 });
  const invocation: Invocation = {
    command: 'gcloud',
    args: ['storage', 'cp', file, places.journal, '--if-generation-match=0'],
  };
  const outcome = await tools.tryChange(invocation);
  rmSync(file, { force: true });
  if (outcome.exitCode === 0) return unfinished;
  if (!isTaken(outcome.stderr)) throw commandFailed(shown(invocation), outcome.exitCode, outcome.stderr);
  return (await readUnfinished(tools, places)) ?? unfinished;
}

/** Notes that the deploy ended, or was rolled back. */
export async function end(tools: Tools, { journal }: Places): Promise<void> {
  const invocation: Invocation = { command: 'gcloud', args: ['storage', 'rm', journal] };
  const outcome = await tools.tryChange(invocation);
  // Another deploy that ended first took it away.
  if (outcome.exitCode !== 0 && !isNotThere(outcome.stderr))
    throw commandFailed(shown(invocation), outcome.exitCode, outcome.stderr);
}
