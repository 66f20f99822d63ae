import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/** A program inside a root file system. */
export interface Start {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Contained {
  readonly rootfs: string;
  readonly workdir: string;
  /** `uid:gid` */
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly args?: readonly string[];
}

/** Programs of an image are looked for here, as PATH of all our images says. */
const PROGRAMS = ['usr/local/bin', 'opt/jre/bin', 'usr/bin'];

/**
 * Whether this machine lets us give a process a root of its own: namespaces and chroot, which need root here.
 */
export async function canContain(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const result = await execa('unshare', ['--fork', '--pid', '--mount', 'true'], { reject: false, stdin: 'ignore' });
  return !result.failed;
}

/**
 * The command that starts an image's process as a platform does that gives it a read-only root: chroot into the unpacked tree, which is mounted read-only
 * save for an empty /tmp, as the image's user, in name spaces of its own. It has this machine's loopback.
 */
export function inContainer({ rootfs, workdir, user, entrypoint, args = [] }: Contained): Start {
  for (const folder of ['proc', 'dev', 'tmp']) mkdirSync(join(rootfs, folder), { recursive: true });
  const script = [
    'mount --make-rprivate /',
    'mount --bind "$0" "$0"',
    'mount -o remount,bind,ro "$0"',
    'mount -t proc proc "$0/proc"',
    'mount --rbind /dev "$0/dev"',
    'mount -t tmpfs -o mode=1777 tmpfs "$0/tmp"',
    'root=$0 folder=$1 uid=$2 gid=$3',
    'shift 3',
    'exec unshare --root="$root" --wd="$folder" --setgid "$gid" --setuid "$uid" "$@"',
  ].join(' && ');
  const namespaces = ['--fork', '--pid', '--mount', '--uts', '--ipc', '--kill-child'];
  return {
    command: 'unshare',
    args: [...namespaces, 'sh', '-c', script, rootfs, workdir, ...user.split(':'), ...entrypoint, ...args],
  };
}

/** The same process without a root of its own, for machines that do not allow one. */
export function inTree({ rootfs, workdir, entrypoint, args = [] }: Contained): Start & { cwd: string; path: string } {
  const [command = '', ...rest] = entrypoint;
  return {
    command,
    args: [...rest, ...args],
    cwd: join(rootfs, workdir),
    path: PROGRAMS.map((folder) => join(rootfs, folder)).join(':'),
  };
}
