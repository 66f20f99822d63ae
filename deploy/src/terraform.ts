import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';
import { type Deployables, names } from './deployables.ts';
import { commandFailed } from './errors.ts';
import type { Target } from './options.ts';
import type { Places } from './places.ts';
import { type Invocation, shown, type Tools } from './tools.ts';

/** What the environments' Terraform takes from a deploy: terraform/envs/<env>/variables.tf. */
export interface DeployedVariables {
  /** Full reference by digest, by deployable. */
  readonly images: Readonly<Record<string, string>>;
  readonly function_sources: Readonly<Record<string, { readonly bucket: string; readonly object: string }>>;
  /** gs:// path of the template's specification. */
  readonly flex_template: string;
}

/** Stands for an image that is not built, where a plan is only looked at, or destroys: all zeros is the digest of nothing, and no such plan makes anything. */
export const NOT_BUILT = `sha256:${'0'.repeat(64)}`;

/** Variables for a plan that destroys: Terraform wants them to be there, and makes nothing of them. */
export function noArtifacts(deployables: Deployables, { registry, artifactsBucket }: Places): DeployedVariables {
  return {
    images: Object.fromEntries(
      names(deployables, ['service', 'job', 'flex-template']).map((name) => [name, `${registry}/${name}@${NOT_BUILT}`]),
    ),
    function_sources: Object.fromEntries(
      names(deployables, ['function']).map((name) => [name, { bucket: artifactsBucket, object: 'functions/none.zip' }]),
    ),
    flex_template: `gs://${artifactsBucket}/flex-templates/none.json`,
  };
}

/** Their data goes with them. A subscription's is what it has not delivered yet, a topic's what it retains. */
const HOLDS_DATA: ReadonlySet<string> = new Set([
  'google_storage_bucket',
  'google_bigquery_dataset',
  'google_bigquery_table',
  'google_sql_database_instance',
  'google_sql_database',
  'google_redis_instance',
  'google_redis_cluster',
  'google_secret_manager_secret',
  'google_secret_manager_secret_version',
  'google_kms_crypto_key',
  'google_pubsub_topic',
  'google_pubsub_subscription',
  'google_artifact_registry_repository',
]);

const planSchema = z.object({
  resource_changes: z
    .array(
      z.object({
        address: z.string(),
        type: z.string(),
        mode: z.string().optional(),
        change: z.object({
          actions: z.array(z.string()),
          before: z.record(z.string(), z.unknown()).nullish(),
        }),
      }),
    )
    .optional(),
});

export type PlannedChange = NonNullable<z.output<typeof planSchema>['resource_changes']>[number];

/** What a saved plan does. */
export interface PlanSummary {
  readonly add: number;
  readonly change: number;
  readonly remove: number;
  /** Resources with data that the plan deletes, or deletes and makes anew. */
  readonly losesData: readonly PlannedChange[];
  readonly removed: readonly PlannedChange[];
}

/** Terraform's run over one environment's folder. */
export class Terraform {
  readonly #tools: Tools;
  readonly #places: Places;
  readonly #target: Target;
  /** Where its files are: the environment's folder, or a copy without a remote state. */
  #folder: string;

  constructor(tools: Tools, places: Places, target: Target) {
    this.#tools = tools;
    this.#places = places;
    this.#target = target;
    this.#folder = places.environmentFolder;
    mkdirSync(places.work, { recursive: true, mode: 0o700 });
  }

  get planFile(): string {
    return join(this.#places.work, 'plan');
  }

  /** Writes what Terraform is told about artifacts. */
  writeVariables(variables: DeployedVariables): void {
    writeFileSync(this.#variablesFile, `${JSON.stringify(variables, null, 2)}\n`, { mode: 0o600 });
  }

  get #variablesFile(): string {
    return join(this.#places.work, 'deployed.auto.tfvars.json');
  }

  /** Fetches providers and modules and reads the state's place. */
  async init(): Promise<void> {
    await this.#tools.read(
      this.#invocation('init', [
        ...['-input=false', '-no-color', '-reconfigure'],
        ...['-backend-config=backend.hcl', `-backend-config=bucket=${this.#places.stateBucket}`],
      ]),
    );
  }

  /**
   * For a look ahead where there is no state bucket yet: works on a copy whose state is local and empty, since Terraform plans nothing without a backend.
   */
  async initWithoutState(root: string): Promise<void> {
    const copy = join(this.#places.work, 'look-ahead');
    rmSync(copy, { recursive: true, force: true });
    cpSync(join(root, 'terraform'), join(copy, 'terraform'), {
      recursive: true,
      filter: (path) => !/node_modules|\.terraform$/.test(path),
    });
    // The modules read contracts and the like by their place in the repository.
    for (const folder of ['contracts/generated', 'features/generated', 'observability']) {
      cpSync(join(root, folder), join(copy, folder), { recursive: true, force: true });
    }
    this.#folder = join(copy, 'terraform', 'envs', this.#target.environment);
    writeFileSync(join(this.#folder, 'look_ahead_override.tf'), 'terraform {\n  backend "local" {}\n}\n');
    await this.#tools.read(this.#invocation('init', ['-input=false', '-no-color', '-reconfigure']));
  }

  /** Shows what an apply would do, keeps nothing, and takes no lock. */
  async lookAhead(): Promise<void> {
    await this.#tools.read({
      ...this.#invocation('plan', ['-input=false', '-no-color', '-lock=false', ...this.#variables()]),
      stream: true,
    });
  }

  /**
   * Saves a plan.
   *
   * @returns undefined when there is nothing to change
   */
  async plan(options: {
    targets?: readonly string[];
    destroy?: boolean;
    deployed: boolean;
    /** Kept in no state, and by the environment only: arguments can be seen by every process of the machine. */
    databasePassword?: string | undefined;
  }): Promise<PlanSummary | undefined> {
    const invocation = {
      ...this.#invocation('plan', [
        ...['-input=false', '-no-color', '-detailed-exitcode', `-out=${this.planFile}`],
        ...(options.destroy ? ['-destroy'] : []),
        ...(options.targets ?? []).map((target) => `-target=${target}`),
        ...this.#variables(options.deployed),
      ]),
      stream: true,
    };
    if (options.databasePassword !== undefined)
      invocation.env = { ...invocation.env, TF_VAR_database_password: options.databasePassword };
    const outcome = await this.#tools.tryChange(invocation);
    // 0: no change, 1: failed, 2: changes. https://developer.hashicorp.com/terraform/cli/commands/plan#detailed-exitcode
    if (outcome.exitCode === 0) return undefined;
    if (outcome.exitCode !== 2) throw commandFailed(shown(invocation), outcome.exitCode, outcome.stderr);
    const { resource_changes: changes = [] } = await this.#tools.readJson(
      this.#invocation('show', ['-json', '-no-color', this.planFile]),
      planSchema,
    );
    return summarize(changes);
  }

  /** Applies the plan that `plan` saved, and that one only. */
  async apply(): Promise<void> {
    try {
      await this.#tools.change({
        ...this.#invocation('apply', ['-input=false', '-no-color', this.planFile]),
        stream: true,
      });
    } finally {
      // A plan quotes values of resources.
      rmSync(this.planFile, { force: true });
    }
  }

  /** Address of each service and function that tokens are made out to, by deployable. */
  async urls(): Promise<Readonly<Record<string, string>>> {
    return await this.#tools.readJson(
      this.#invocation('output', ['-json', '-no-color', 'urls']),
      z.record(z.string(), z.string()),
    );
  }

  #variables(deployed = true): string[] {
    const { project, region } = this.#target;
    return [
      `-var=project_id=${project}`,
      `-var=region=${region}`,
      ...(deployed ? [`-var-file=${this.#variablesFile}`] : []),
    ];
  }

  #invocation(subcommand: string, args: readonly string[]): Invocation {
    return {
      command: 'terraform',
      args: [`-chdir=${this.#folder}`, subcommand, ...args],
      // Two projects that are deployed from one clone do not share a data folder.
      env: { TF_DATA_DIR: join(this.#places.work, 'terraform') },
    };
  }
}

function summarize(changes: readonly PlannedChange[]): PlanSummary {
  const managed = changes.filter(({ mode }) => mode !== 'data');
  const having = (action: string): PlannedChange[] => managed.filter(({ change }) => change.actions.includes(action));
  const removed = having('delete');
  return {
    add: having('create').length,
    change: having('update').length,
    remove: removed.length,
    removed,
    losesData: removed.filter(({ type }) => HOLDS_DATA.has(type)),
  };
}

/** @throws {UserError} DATA_LOSS when the plan deletes what holds data and that was not asked for. */
export function refuseDataLoss({ losesData }: PlanSummary, allowed: boolean): void {
  if (allowed || losesData.length === 0) return;
  throw new UserError(
    'DATA_LOSS',
    `Terraform would delete, or delete and make anew, what holds data:\n${losesData.map(({ address }) => `  ${address}`).join('\n')}\nLook at the plan above; where it is meant, run the command again with --allow-data-loss.`,
  );
}
