import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join('secrets', 'environment.json');

/** Keeps the environment of an instance's components for the commands that look into it; it holds local secrets, so only the user may read it. */
export function rememberEnvironment(state: string, env: Readonly<Record<string, string>>): void {
  writeFileSync(join(state, FILE), JSON.stringify(env, null, 2), { mode: 0o600 });
}

/** The environment of a running instance. */
export function environmentOf(state: string): Record<string, string> {
  return JSON.parse(readFileSync(join(state, FILE), 'utf8')) as Record<string, string>;
}
