import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Ticks a second in /proc: sysconf(_SC_CLK_TCK), which is 100 on every Linux that Java runs on. */
const TICKS = 100;

/** Processor time that a process has used, all its threads together: what a busy machine changes less than the time on the wall. */
export function cpuSeconds(pid: number): number {
  if (process.platform === 'linux') {
    // Fields 14 and 15 of proc(5)'s stat; the command name before them may hold spaces, so count from its last parenthesis.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  }
  // [hours:]minutes:seconds
  const time = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  return time.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
}
