import { parseArgs } from 'node:util';
import { UserError } from '@tributary/platform/errors';
import type { EraseOptions } from './erase.ts';

export const USAGE = 'npm run erase -- --<subject> ID [--dry-run] [--settle SECONDS], such as --customer 12345';

/** The pipeline looks at the list every 10 s and flushes every 5 s; in the cloud every 60 s, so say 90 there. */
const DEFAULT_SETTLE_SECONDS = 20;

/**
 * What people type. Which subjects there are, contracts say: any other option is taken for one.
 *
 * @throws {UserError} USAGE; its message does not repeat an id.
 */
export function readOptions(args: readonly string[]): EraseOptions {
  const refusal = (problem: string) => new UserError('USAGE', `${problem}\nUsage: ${USAGE}`);
  const { tokens } = parseArgs({ args: [...args], strict: false, tokens: true, allowPositionals: true });
  let [dryRun, settle] = [false, String(DEFAULT_SETTLE_SECONDS)];
  const subjects = new Map<string, string>();
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]!;
    if (token.kind !== 'option') throw refusal('Name whom to erase by an option, such as --customer.');
    if (token.name === 'dry-run') {
      dryRun = true;
      continue;
    }
    let value = token.value;
    const next = tokens[at + 1];
    if (value === undefined && next?.kind === 'positional') {
      value = next.value;
      at += 1;
    }
    if (value === undefined) throw refusal(`--${token.name} needs a value.`);
    if (token.name === 'settle') settle = value;
    else subjects.set(token.name, value);
  }
  const seconds = Number(settle);
  if (!(seconds >= 0 && seconds <= 3_600)) throw refusal('--settle is a number of seconds, at most 3600.');
  const [named, ...others] = subjects;
  if (named === undefined || others.length > 0) throw refusal('Name one, and one only.');
  return { subject: named[0], id: named[1], dryRun, settleMs: seconds * 1_000 };
}
