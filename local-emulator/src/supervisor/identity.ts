import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Names the instance in the environment of everything it starts, so that an orphan can be told from a stranger. */
export const INSTANCE_VARIABLE = 'TRIBUTARY_INSTANCE';

/** A process id together with when it started: ids are reused, the pair is not. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

/** The start time of a process as its system prints it, or undefined where no such process runs. */
export function startTimeOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      // Field 22 of /proc/<pid>/stat (proc(5)); the command name before it may hold spaces and parentheses, so count from the last one.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** True while the very process that was recorded still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return startTimeOf(identity.pid) === identity.startedAt;
}

/**
 * True while the group that a recorded process led has a member. A process id is not given out again while a group of that number exists, so either
 * the leader is the recorded one or it is gone and the members are its children.
 */
export function groupIsAlive(identity: ProcessIdentity): boolean {
  const leader = startTimeOf(identity.pid);
  if (leader !== undefined && leader !== identity.startedAt) return false;
  try {
    process.kill(-identity.pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Signals a whole group; a group that is gone already is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Processes that carry an instance's mark in their environment, whoever their parent is now. Linux only; elsewhere empty. */
export function processesMarked(instance: string): number[] {
  if (process.platform !== 'linux') return [];
  const mark = Buffer.from(`${INSTANCE_VARIABLE}=${instance}\0`);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`).includes(mark);
      } catch {
        return false;
      }
    });
}

/** Ids of the processes in a group. Linux only; elsewhere just the leader. */
export function processGroupMembers(group: number): number[] {
  if (process.platform !== 'linux') return [group];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === group;
      } catch {
        return false;
      }
    });
}
