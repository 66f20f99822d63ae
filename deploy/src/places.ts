import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from './options.ts';

/** Names and folders that follow from where something is deployed to. */
export interface Places {
  /** Holds Terraform's state and the deploys' journal. */
  readonly stateBucket: string;
  /** The record of a deploy that has begun and not ended. */
  readonly journal: string;
  /** Host and path that images of the project have in common. */
  readonly registry: string;
  /** Bucket of function sources and Flex Templates. */
  readonly artifactsBucket: string;
  /** Where people drop files. */
  readonly landingBucket: string;
  /** The PII keys where Dataflow's workers read them, which have no mounts. */
  readonly keysObject: string;
  /** The folder of the environment's Terraform. */
  readonly environmentFolder: string;
  /** This machine's working files of the target: Terraform's data folder, the variables that a deploy writes, packages. Outside of git. */
  readonly work: string;
}

/** Artifact Registry's repository; terraform/modules/registry makes it. */
export const REPOSITORY = 'tributary';

export function placesOf({ project, environment, region }: Target, root: string): Places {
  const environmentFolder = join(root, 'terraform', 'envs', environment);
  const buckets = settingOf(environmentFolder, 'bucket_prefix') ?? project;
  const stateBucket = `${project}-tributary-state`;
  return {
    stateBucket,
    journal: `gs://${stateBucket}/deploys/${environment}/unfinished.json`,
    registry: `${region}-docker.pkg.dev/${project}/${REPOSITORY}`,
    artifactsBucket: `${buckets}-artifacts`,
    landingBucket: `${buckets}-landing`,
    keysObject: `gs://${buckets}-keys/pii-keys.json`,
    environmentFolder,
    work: join(root, '.tributary', 'deploy', `${project}-${environment}`),
  };
}

/** A text that an environment's terraform.tfvars sets; only what names buckets is read before Terraform runs. */
function settingOf(environmentFolder: string, name: string): string | undefined {
  const file = join(environmentFolder, 'terraform.tfvars');
  if (!existsSync(file)) return undefined;
  return new RegExp(`^\\s*${name}\\s*=\\s*"([^"]+)"`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
}
