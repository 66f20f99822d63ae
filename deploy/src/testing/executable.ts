/**
 * The stand-in as a program: a file called gcloud, terraform or docker on PATH starts it with that name. The project is kept in the file STAND_IN, between one
 * invocation and the next; `killAt` ends the program that started this one, as kill -9 does, in the middle of the apply
 * before which there were so many.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Program } from '../tools.ts';
import type { Cloud } from './cloud.ts';
import { UnknownCommandLine } from './command-line.ts';
import { type Call, kindsOf, StandIn } from './stand-in.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What the file holds. */
export interface Kept {
  cloud: Cloud;
  calls: Call[];
  killAt?: number;
}

const [, , command, ...args] = process.argv;
const file = process.env.STAND_IN!;
const kept = JSON.parse(readFileSync(file, 'utf8')) as Kept;
const standIn = new StandIn(kept.cloud, kindsOf(ROOT));
try {
  const stdin = args.some((arg) => arg === '-' || arg === '--data-file=-') ? readFileSync(0, 'utf8') : undefined;
  const applies = kept.calls.filter(({ path }) => path === 'apply').length;
  if (args.includes('apply') && applies === kept.killAt) standIn.fault = { at: 0, how: 'fails-half' };
  const { exitCode, stdout, stderr } = await standIn.exec({
    command: command as Program,
    args,
    env: process.env as Record<string, string>,
    ...(stdin === undefined ? {} : { stdin }),
  });
  writeFileSync(file, JSON.stringify({ ...kept, calls: [...kept.calls, ...standIn.calls] }));
  if (standIn.fault && standIn.calls[0]?.mutating) process.kill(process.ppid, 'SIGKILL');
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof UnknownCommandLine ? 2 : 70;
}
