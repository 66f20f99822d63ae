import { UserError } from '@tributary/platform/errors';
import type { CheckContext } from './check.ts';

/**
 * One permission for each kind of thing that a deploy makes, with what needs it: enough to tell a missing role before anything is changed.
 * The roles that hold them: terraform/modules/delivery.
 */
export const PERMISSIONS: Readonly<Record<string, string>> = {
  'artifactregistry.repositories.create': 'the repository of images',
  'bigquery.datasets.create': 'the warehouse',
  'cloudbuild.builds.create': 'building images and functions',
  'cloudfunctions.functions.create': 'functions',
  'cloudscheduler.jobs.create': 'the sweep',
  'cloudsql.instances.create': 'the database',
  'compute.networks.create': 'the network',
  'dataflow.jobs.create': 'the pipeline',
  'eventarc.triggers.create': 'triggers of functions',
  'iam.roles.create': 'custom roles',
  'iam.serviceAccounts.create': 'accounts of deployables',
  'iam.serviceAccounts.actAs': 'deploying under those accounts',
  'logging.logMetrics.create': 'metrics of logs',
  'monitoring.alertPolicies.create': 'alerts',
  'pubsub.topics.create': 'the bus',
  'redis.instances.create': 'the online store',
  'resourcemanager.projects.setIamPolicy': 'roles of the accounts',
  'run.jobs.create': 'jobs',
  'run.services.create': 'services',
  'secretmanager.secrets.create': 'secrets',
  'serviceusage.services.enable': 'APIs',
  'storage.buckets.create': "the lake and Terraform's state",
};

/** @throws {UserError} PERMISSIONS_MISSING naming each, and what needs it */
export async function checkPermissions({ google, target: { project } }: CheckContext): Promise<void> {
  const held = new Set(await google.testPermissions(project, Object.keys(PERMISSIONS)));
  const missing = Object.entries(PERMISSIONS).filter(([permission]) => !held.has(permission));
  if (missing.length === 0) return;
  throw new UserError(
    'PERMISSIONS_MISSING',
    `The account that Terraform signs in with lacks permissions on ${project}:\n${missing.map(([permission, what]) => `  ${permission}   (${what})`).join('\n')}\nAsk an owner of the project for roles/owner once, or for the roles that terraform/modules/delivery gives its deployer.`,
  );
}
