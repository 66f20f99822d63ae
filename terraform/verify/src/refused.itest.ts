import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { ROOT } from '@tributary/local-emulator/instance/machine';
import { containersAreBound, secretsAreReferences } from './assertions/containers.ts';
import { deliveriesSignIn, subscriptionsGiveUpSafely } from './assertions/delivery.ts';
import { environmentsAreRead } from './assertions/environment.ts';
import { grantsHaveRows } from './assertions/grants.ts';
import { nobodyIsEverybody, rolesAreNarrow } from './assertions/roles.ts';
import { plan } from './plan.ts';
import type { Planned, Violation } from './planned.ts';
import { readTable } from './table.ts';
import { chooseProviders, Terraform } from './terraform.ts';
import { copyFolder } from './workspace.ts';

const quiet = (): void => {};
const TABLE = readTable(ROOT);

let planned: Planned[];
beforeAll(async () => {
  using terraform = await Terraform.create(await chooseProviders(quiet), quiet);
  using folder = copyFolder(join(ROOT, 'terraform', 'verify', 'fixtures', 'refused'));
  const init = await terraform.init(folder.root);
  if (!init.ok) throw new Error(init.output);
  planned = await plan(terraform, folder.root, []);
}, 300_000);

/** Address → what is said of it. */
const found = (violations: readonly Violation[]): Record<string, string[]> => {
  const by: Record<string, string[]> = {};
  for (const { at, says } of violations) by[at] = [...(by[at] ?? []), says];
  return by;
};

test('primitive roles, rights over all accounts of a project, and policies that replace others are refused', () => {
  expect(found(rolesAreNarrow(planned))).toEqual({
    'google_project_iam_member.editor': ['roles/editor is a primitive role'],
    'google_project_iam_binding.acts_as_anyone': [expect.stringContaining('serviceAccountUser on the whole project')],
    'google_project_iam_member.signs_as_anyone': [
      expect.stringContaining('serviceAccountTokenCreator on the whole project'),
    ],
    'google_storage_bucket_iam_policy.replaces': [expect.stringContaining('replaces all')],
  });
});

test('what lets in everybody is refused, in each of its forms', () => {
  expect(found(nobodyIsEverybody(planned))).toEqual({
    'google_cloud_run_v2_service_iam_member.everybody': ['lets in allUsers'],
    'google_storage_bucket_iam_binding.everybody_signed_in': ['lets in allAuthenticatedUsers'],
    'google_bigquery_dataset.everybody': ['lets in allAuthenticatedUsers'],
    'google_storage_bucket.can_be_opened': [
      'public_access_prevention must be "enforced"',
      'without uniform_bucket_level_access each object can be made public',
    ],
    'google_sql_database_instance.public': ['has a public address'],
  });
});

test('deliveries without a token, or with the account of a deployable, are refused', () => {
  expect(found(deliveriesSignIn(planned, TABLE))).toEqual({
    'google_pubsub_subscription.unsigned': [
      'pushes without an OIDC token of a service account',
      'pushes a token for any audience',
    ],
    'google_pubsub_subscription.signed_as_the_deployable': ['pushes as tributary-notify, which a deployable runs as'],
    'google_cloud_scheduler_job.unsigned': ['calls without an OIDC token of a service account'],
    'google_cloudfunctions2_function.unknown': [
      'is triggered without an OIDC token of a service account',
      expect.stringContaining('RETRY_POLICY_RETRY'),
    ],
  });
});

test('subscriptions without retries or dead letters, and dead letters that nobody keeps, are refused', () => {
  expect(found(subscriptionsGiveUpSafely(planned))).toEqual({
    'google_pubsub_subscription.signed_as_the_deployable': [
      expect.stringContaining('has no dead_letter_policy'),
      expect.stringContaining('has no retry_policy'),
    ],
    'projects/refused-project/topics/tributary.undeliverable': ['takes dead letters that no subscription keeps'],
  });
});

test('secrets that are written down are refused', () => {
  expect(found(secretsAreReferences(planned))).toEqual({
    'google_cloud_run_v2_service.seeder': ['PGPASSWORD is a secret and is written into the environment'],
    'google_secret_manager_secret_version.written_down': [expect.stringContaining('use secret_data_wo')],
  });
});

test('images by tag, default accounts, open doors and containers that no table knows are refused', () => {
  expect(found(containersAreBound(planned, TABLE))).toEqual({
    'google_cloud_run_v2_service.warehouse_api': [
      expect.stringContaining('warehouse-api:latest is no digest'),
      'runs as the default account, not as tributary-warehouse-api',
      'lets everybody call and does not verify tokens itself',
    ],
    'google_cloud_run_v2_service.seeder': [expect.stringContaining('can be reached from the internet')],
    'google_cloudfunctions2_function.unknown': ['not-in-the-table is no deployable of the table'],
  });
});

test('environments that the configuration module refuses, or that nobody reads, are refused', () => {
  const violations = found(environmentsAreRead(planned, TABLE, (_, variable) => variable !== 'NOBODY_READS_THIS'));
  expect(violations['google_cloud_run_v2_service.seeder']).toEqual([
    expect.stringContaining('PGHOST is missing'),
    expect.stringContaining('sets NOBODY_READS_THIS'),
  ]);
});

test('grants without a row, and rows without a grant, are refused', () => {
  const violations = found(
    grantsHaveRows(planned, TABLE, { topicPrefix: 'tributary.', channels: new Set(), absent: new Set() }),
  );
  expect(violations['google_bigquery_dataset_iam_member.unexplained']).toEqual([
    expect.stringContaining('no row of the table gives serviceAccount:tributary-notify'),
  ]);
  expect(violations['notify: roles/bigquery.jobUser on project']).toEqual([
    'is a row of the table that the plan does not grant',
  ]);
});
