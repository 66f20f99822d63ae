import { readFileSync } from 'node:fs';
import { names, readDeployables } from '../deployables.ts';
import type { Exec, Invocation, Outcome } from '../tools.ts';
import type { Cloud } from './cloud.ts';
import { type CommandLine, readCommandLine } from './command-line.ts';
import { fails, gcloud, MUTATING_GCLOUD, ok, pushByTag } from './gcloud.ts';
import { isMutatingTerraform, type Kinds, rollout, terraform } from './terraform.ts';

/** One invocation, as it was recorded. */
export interface Call {
  readonly program: string;
  readonly args: readonly string[];
  readonly path: string;
  readonly mutating: boolean;
}

/**
 * How an invocation goes wrong: it fails before it has done anything, after it has done everything, or (an apply) after half of it;
 * `dies-…` ends the deploy as kill -9 would, so that nothing of it runs any more.
 */
export type Fault = 'fails-before' | 'fails-after' | 'fails-half' | 'dies-before' | 'dies-after' | 'dies-half';

/** Thrown in the place of kill -9: the caller's own handlers run, and find that no program can be started any more. */
export class Died extends Error {}

/** Kinds of deployables as they are declared. */
export function kindsOf(root: string): Kinds {
  const deployables = readDeployables(root);
  return {
    services: names(deployables, ['service']),
    functions: names(deployables, ['function']),
    jobs: names(deployables, ['job']),
  };
}

/**
 * A stand-in for gcloud, terraform and docker that keeps a project in memory, records each invocation, refuses flags that the real programs do not know, and
 * goes wrong where it is told to.
 */
export class StandIn {
  readonly calls: Call[] = [];
  /** Values that were given by standard input or environment: none may turn up anywhere else. */
  readonly secrets = new Set<string>();
  /** The invocation, counted from 0 over mutating ones, that goes wrong, and how. */
  fault: { readonly at: number; readonly how: Fault } | undefined;
  /** Fails invocations of a command, all of them. */
  refuse: ((call: Call) => boolean) | undefined;
  dead = false;
  readonly cloud: Cloud;
  readonly #kinds: Kinds;
  #mutations = 0;

  constructor(cloud: Cloud, kinds: Kinds) {
    this.cloud = cloud;
    this.#kinds = kinds;
  }

  readonly exec: Exec = async (invocation) => {
    if (this.dead) throw new Died();
    const line = readCommandLine(invocation.command as 'gcloud', invocation.args);
    const call: Call = {
      program: invocation.command,
      args: invocation.args,
      path: line.path,
      mutating: isMutating(invocation, line),
    };
    this.calls.push(call);
    for (const secret of [invocation.stdin, invocation.env?.TF_VAR_database_password])
      if (secret) this.secrets.add(secret);
    if (this.refuse?.(call)) return fails('UNAVAILABLE: told to fail');
    const goesWrong = call.mutating && this.fault?.at === this.#mutations++ ? this.fault.how : undefined;
    const [kind, when] = (goesWrong?.split('-') ?? []) as [
      'fails' | 'dies' | undefined,
      'before' | 'after' | 'half' | undefined,
    ];
    const outcome =
      when === 'before' ? fails('UNAVAILABLE: told to fail') : this.#run(invocation, line, when === 'half');
    if (kind === 'dies') {
      this.dead = true;
      throw new Died();
    }
    return when === undefined ? outcome : fails('UNAVAILABLE: told to fail');
  };

  #run(invocation: Invocation, line: CommandLine, half: boolean): Outcome {
    const { command, env = {}, stdin } = invocation;
    if (command === 'gcloud') return gcloud(this.cloud, line, stdin);
    if (command === 'docker') return docker(this.cloud, line);
    if (half && line.path === 'apply') {
      const { variables } = JSON.parse(readFileSync(line.positionals[0]!, 'utf8'));
      if (variables) {
        const steps = rollout(this.cloud, variables, this.#kinds);
        for (const step of steps.slice(0, Math.ceil(steps.length / 2))) step();
        // The state has what was done, so a plan of before is stale.
        this.cloud.terraform.serial += 1;
        return ok();
      }
    }
    return terraform(this.cloud, line, env, this.#kinds);
  }
}

function isMutating({ command }: Invocation, line: CommandLine): boolean {
  if (command === 'gcloud') return MUTATING_GCLOUD.has(line.path);
  if (command === 'terraform') return isMutatingTerraform(line);
  return line.path === 'buildx build';
}

function docker(cloud: Cloud, line: CommandLine): Outcome {
  if (line.path === 'buildx build') {
    if (!line.flags.has('--push')) throw new Error('an image that is not pushed is of no use');
    pushByTag(cloud, String(line.flags.get('--tag')));
  }
  return ok();
}
