import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const KIB_IN_MIB = 1_024;

/** The most resident memory a process has had, in MiB. Where the system does not keep it (macOS), what it has now. */
export function peakMemoryMb(pid: number): number {
  const kib =
    process.platform === 'linux'
      ? // proc(5), VmHWM: peak resident set size.
        /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Math.round(Number(kib) / KIB_IN_MIB);
}
