import { callerForbidden } from './errors.ts';
import type { Caller } from './verifier.ts';

/**
 * Whether a pattern names a caller: an e-mail in full, `*@<domain>` for everybody of a domain, or `*` for every verified e-mail.
 */
export function matchesCaller(pattern: string, { email }: Caller): boolean {
  const wanted = pattern.toLowerCase();
  if (wanted === '*') return true;
  return wanted.startsWith('*@') ? email.endsWith(wanted.slice(1)) : email === wanted;
}

/** @throws {UserError} CALLER_FORBIDDEN where no pattern names the caller. */
export function requireCaller(caller: Caller, patterns: readonly string[], setting: string): void {
  if (patterns.some((pattern) => matchesCaller(pattern, caller))) return;
  // Without the e-mail: it may be a person's, and errors are logged.
  throw callerForbidden(`The account that the token names is not one of ${setting}.`);
}
