import { readFileSync, writeFileSync } from 'node:fs';
import type { Outcome } from '../tools.ts';
import { type Cloud, PROJECT, REGION, type Variables } from './cloud.ts';
import type { CommandLine } from './command-line.ts';
import { fails, ok } from './gcloud.ts';

/** `plan` counts: it takes the state's lock, and one that is saved is meant to be applied. With -lock=false it does neither. */
export function isMutatingTerraform({ path, flags }: CommandLine): boolean {
  return path === 'apply' || (path === 'plan' && flags.get('-lock') !== 'false');
}

const LOCKED = fails(
  'Error acquiring the state lock\n\nLock Info:\n  ID:        1732204800000000\n  Operation: OperationTypeApply',
);
const JOB_BEFORE = 'feast-before-feast-server';
const SECRETS = ['pii-keys', 'postgres-password', 'seeder-api-key', 'redis-auth'];
/** Reached from outside, as terraform/deployables.yaml has it. */
const PUBLIC: ReadonlySet<string> = new Set(['feast-server', 'warehouse-api']);

interface SavedPlan {
  readonly serial: number;
  readonly kind: 'foundation' | 'all' | 'destroy';
  readonly variables?: Variables;
}

/** What Terraform does to a project, as far as a deploy can tell. */
export function terraform(
  cloud: Cloud,
  line: CommandLine,
  env: Readonly<Record<string, string>>,
  kinds: Kinds,
): Outcome {
  if (line.path === 'version') return ok({ terraform_version: '1.11.4' });
  if (env.TF_DATA_DIR === undefined) throw new Error('without TF_DATA_DIR two projects would share a data folder');
  const state = cloud.buckets[`${PROJECT}-tributary-state`];
  if (line.path === 'init') {
    const remote = line.all.some(([name, value]) => name === '-backend-config' && String(value).startsWith('bucket='));
    return remote && !state ? fails('Error: Failed to get existing workspaces: bucket does not exist') : ok();
  }
  if (line.path === 'plan') return plan(cloud, line, env, kinds);
  if (line.path === 'output')
    return ok(
      Object.fromEntries(Object.keys(cloud.services).map((name) => [name, `https://${name}-1.${REGION}.run.app`])),
    );
  if (line.path === 'show') {
    const saved = JSON.parse(readFileSync(line.positionals[0]!, 'utf8')) as SavedPlan;
    return ok({ resource_changes: changes(cloud, saved) });
  }
  return apply(cloud, JSON.parse(readFileSync(line.positionals[0]!, 'utf8')) as SavedPlan, kinds);
}

/** Kinds of deployables, from terraform/deployables.yaml. */
export interface Kinds {
  readonly services: readonly string[];
  readonly functions: readonly string[];
  readonly jobs: readonly string[];
}

function plan(cloud: Cloud, line: CommandLine, env: Readonly<Record<string, string>>, kinds: Kinds): Outcome {
  if (cloud.terraform.locked && line.flags.get('-lock') !== 'false') return LOCKED;
  const targeted = line.flags.has('-target');
  const kind = line.flags.has('-destroy') ? 'destroy' : targeted ? 'foundation' : 'all';
  const variablesFile = line.flags.get('-var-file');
  if (kind === 'all' && variablesFile === undefined) return fails('Invalid index: var.images is empty');
  const variables = variablesFile ? (JSON.parse(readFileSync(String(variablesFile), 'utf8')) as Variables) : undefined;
  const changed =
    kind === 'foundation'
      ? !cloud.terraform.foundation
      : kind === 'destroy'
        ? cloud.terraform.foundation
        : JSON.stringify(variables) !== JSON.stringify(cloud.terraform.variables) ||
          hasDrifted(cloud, variables!, kinds);
  const out = line.flags.get('-out');
  if (out === undefined) return ok('Plan: some to add');
  if (kind === 'all' && env.TF_VAR_database_password !== cloud.secrets['tributary-postgres-password']?.at(-1))
    return fails('the password of the database is not that of its secret');
  const saved: SavedPlan = { serial: cloud.terraform.serial, kind, ...(variables ? { variables } : {}) };
  writeFileSync(String(out), JSON.stringify(saved));
  return { exitCode: changed ? 2 : 0, stdout: '', stderr: '' };
}

/** Whether what is there is not what Terraform made: it looks at each resource before it plans. */
function hasDrifted(cloud: Cloud, { images }: Variables, { services, jobs }: Kinds): boolean {
  return (
    jobs.some((name) => cloud.jobs[name] !== images[name]) ||
    cloud.jobs[JOB_BEFORE] !== images.feast ||
    // A function's traffic is not Terraform's.
    services.some((name) => cloud.services[name]?.traffic[0]?.to !== 'latest')
  );
}

function changes(cloud: Cloud, { kind }: SavedPlan): object[] {
  if (kind !== 'destroy')
    return [
      {
        address: 'module.tributary.module.service["x"]',
        type: 'google_cloud_run_v2_service',
        change: { actions: ['update'], before: {} },
      },
    ];
  return [
    {
      address: 'module.tributary.module.storage.google_storage_bucket.this["lake"]',
      type: 'google_storage_bucket',
      change: { actions: ['delete'], before: { force_destroy: !cloud.protectedFromDestruction } },
    },
    {
      address: 'module.tributary.module.bus.google_pubsub_topic.this["chain"]',
      type: 'google_pubsub_topic',
      change: { actions: ['delete'], before: {} },
    },
  ];
}

function apply(cloud: Cloud, { serial, kind, variables }: SavedPlan, kinds: Kinds): Outcome {
  if (cloud.terraform.locked) return LOCKED;
  if (serial !== cloud.terraform.serial) return fails('Error: Saved plan is stale');
  cloud.terraform.serial += 1;
  if (kind === 'destroy') {
    cloud.terraform = { ...cloud.terraform, foundation: false, variables: undefined };
    cloud.services = {};
    cloud.jobs = {};
    return ok();
  }
  if (kind === 'foundation') {
    cloud.terraform.foundation = true;
    cloud.repository = true;
    for (const name of ['artifacts', 'lake', 'landing', 'keys'])
      cloud.buckets[`${PROJECT}-${name}`] ??= { versioning: true, objects: {} };
    for (const name of SECRETS) cloud.secrets[`tributary-${name}`] ??= [];
    return ok();
  }
  for (const step of rollout(cloud, variables!, kinds)) step();
  cloud.terraform.variables = variables;
  return ok();
}

/** An apply's single changes, in their order: one that dies does the first of them. */
export function rollout(cloud: Cloud, { images, function_sources: sources }: Variables, kinds: Kinds): (() => void)[] {
  const job = (name: string, image: string) => (): void => {
    cloud.jobs[name] = image;
  };
  const service = (name: string, runs: string) => (): void => {
    cloud.services[name] ??= {
      revisions: [],
      traffic: [{ to: 'latest', percent: 100 }],
      ingress: PUBLIC.has(name) ? 'all' : 'internal',
      ready: true,
    };
    const known = cloud.services[name];
    if (known.revisions.at(-1)?.runs !== runs)
      known.revisions.push({ name: `${name}-${String(known.revisions.length + 1).padStart(5, '0')}`, runs });
    // A service's traffic is Terraform's, a function's is not.
    if (kinds.services.includes(name)) known.traffic = [{ to: 'latest', percent: 100 }];
  };
  return [
    ...kinds.jobs.map((name) => job(name, images[name]!)),
    job(JOB_BEFORE, images.feast!),
    () => {
      // Its run token follows the image: Terraform runs it for an image that the state has not had last.
      if (cloud.terraform.variables?.images.feast !== images.feast) cloud.registry = images.feast;
    },
    ...kinds.services.map((name) => service(name, images[name]!)),
    ...kinds.functions.map((name) => service(name, sources[name]!.object)),
  ];
}
