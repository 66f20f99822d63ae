import { join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { currentInstance } from '../commands/lifecycle.ts';
import { stateRoot } from '../instance/folders.ts';
import { readStatus } from '../supervisor/status-file.ts';

/** What a door is put in front of. */
export interface Behind {
  /** Its name. */
  readonly instance: string;
  /** Its folder; what a door writes is below it. */
  readonly state: string;
}

/** @throws {UserError} NOTHING_RUNNING */
export function runningInstance(): Behind & { readonly ports: Readonly<Record<string, number>> } {
  const instance = currentInstance();
  const state = join(stateRoot(), instance ?? '');
  const ports = instance === undefined ? undefined : readStatus(state)?.ports;
  if (instance === undefined || ports === undefined)
    throw new UserError('NOTHING_RUNNING', 'Nothing is running that a door could lead to. "npm run up" starts it.');
  return { instance, state, ports };
}
