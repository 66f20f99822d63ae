import { readdirSync, readFileSync } from 'node:fs';
import { type ProcessIdentity, startTimeOf } from '../supervisor/identity.ts';

/**
 * Leaders of process groups that belong to an execution, by the mark in their environment. Linux only; elsewhere empty, and then only what was recorded
 * is known.
 */
export function processesOfExecution(id: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return [];
  const mark = Buffer.from(`CLOUD_RUN_EXECUTION=${id}\0`);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => isGroupLeader(pid) && carries(pid, mark))
    .flatMap((pid) => {
      const startedAt = startTimeOf(pid);
      return startedAt === undefined ? [] : [{ pid, startedAt }];
    });
}

function carries(pid: number, mark: Buffer): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`).includes(mark);
  } catch {
    // It ended, or is another user's.
    return false;
  }
}

function isGroupLeader(pid: number): boolean {
  try {
    // Field 5 of /proc/<pid>/stat is the process group (proc(5)).
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === pid;
  } catch {
    return false;
  }
}
