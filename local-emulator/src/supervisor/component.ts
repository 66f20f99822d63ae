import type { Toolchain } from '../toolchain/toolchain.ts';

/** What a component may know of the instance it belongs to. */
export interface Machine {
  /** Name of the instance: `up`, or `demo-<time>`. */
  readonly instance: string;
  /** The repository's folder. */
  readonly root: string;
  /** The instance's own folder; everything a component writes is below it. */
  readonly state: string;
  readonly tools: Toolchain;
  readonly secrets: Secrets;
  /** The free port picked for a name that some component listed in `ports`. */
  port(name: string): number;
  /** The environment of docs/interfaces.md#environment, complete, for this instance. */
  env(): Record<string, string>;
}

/** Local stand-ins for Secret Manager: random, made once an instance, in files that only the user can read. */
export interface Secrets {
  readonly minioAccessKey: string;
  readonly minioSecretKey: string;
  readonly postgresPassword: string;
  readonly webhookToken: string;
  readonly piiKeysFile: string;
}

export interface ProcessSpec {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the shared environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Run as this user; only where the emulator runs as root and the program refuses to. */
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * One part of the local cloud. The supervisor prepares and starts a component once everything it needs is ready, restarts it when it dies, and stops
 * it before what it needs.
 */
export interface Component {
  readonly name: string;
  /** Components that must be ready first. */
  readonly needs: readonly string[];
  /** Names of the ports it listens on. */
  readonly ports: readonly string[];
  readonly stop: { readonly signal: 'SIGTERM' | 'SIGINT'; readonly graceSeconds: number };
  /** How long a start may take before it counts as failed, in seconds. Generous: two slow cores start everything at once. */
  readonly readyWithinSeconds: number;
  /** Writes configuration and creates directories; called before every start, so it must be repeatable. */
  prepare(machine: Machine): Promise<void>;
  start(machine: Machine): ProcessSpec;
  /** Asks once; true when it serves. Throwing means "not yet". */
  ready(machine: Machine): Promise<boolean>;
  /** What must exist inside it before others use it: buckets, topics, tables. Repeatable; runs after each start. */
  furnish?(machine: Machine): Promise<void>;
  describe(machine: Machine): { readonly summary: string; readonly url?: string };
}
