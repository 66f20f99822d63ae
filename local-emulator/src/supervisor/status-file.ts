import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from './identity.ts';

export type ComponentState = 'waiting' | 'starting' | 'ready' | 'restarting' | 'stopping' | 'stopped' | 'failed';

export interface ComponentStatus {
  readonly name: string;
  state: ComponentState;
  process?: ProcessIdentity;
  restarts: number;
  /** ISO time of the last change of state. */
  since: string;
  startSeconds?: number;
  summary: string;
  url?: string;
  lastExit?: string;
}

/** What the supervisor tells the commands about itself; written whole at every change, so a reader never sees half of it. */
export interface InstanceStatus {
  readonly instance: string;
  readonly supervisor: ProcessIdentity;
  state: 'starting' | 'ready' | 'failed' | 'stopping' | 'stopped';
  failure?: string;
  ports: Record<string, number>;
  components: ComponentStatus[];
}

const FILE = 'status.json';

export function writeStatus(state: string, status: InstanceStatus): void {
  const target = join(state, FILE);
  writeFileSync(`${target}.new`, JSON.stringify(status, null, 2));
  renameSync(`${target}.new`, target);
}

/** The last status written in an instance's folder, or undefined where none was or it cannot be read. */
export function readStatus(state: string): InstanceStatus | undefined {
  try {
    return JSON.parse(readFileSync(join(state, FILE), 'utf8')) as InstanceStatus;
  } catch {
    return undefined;
  }
}
