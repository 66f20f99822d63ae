import type { Item } from './model.ts';

type Rules = Readonly<Record<string, Readonly<Record<string, Partial<Item>>>>>;

const text = (match: string, says: string): Partial<Item> => ({ pattern: { match, says } });

/** RFC 1035, as Compute Engine names everything: https://cloud.google.com/compute/docs/naming-resources#resource-name-format */
const COMPUTE_NAME = text(
  '^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$',
  'lower-case letters, digits and "-", from a letter, not to a "-", 63 characters at most',
);
/** https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names */
const PUBSUB_NAME = text(
  '^[a-zA-Z][a-zA-Z0-9._~+%-]{2,254}$',
  '3 to 255 letters, digits and -._~+%, from a letter; names that begin with "goog" are refused too',
);
/** https://cloud.google.com/run/docs/deploying#service; functions are services of their own name */
const RUN_NAME = text(
  '^[a-z]([-a-z0-9]{0,47}[a-z0-9])?$',
  'lower-case letters, digits and "-", from a letter, 49 characters at most',
);
const SECONDS = text('^[0-9]+(\\.[0-9]{1,9})?s$', 'a duration is a number of seconds that ends in "s"');

/** What names and values the providers or their APIs refuse, for the resources that our modules use. */
export const NAMES: Rules = {
  // https://cloud.google.com/iam/docs/service-accounts-create
  google_service_account: {
    account_id: text(
      '^[a-z]([-a-z0-9]{4,28}[a-z0-9])$',
      '6 to 30 lower-case letters, digits and "-", from a letter, not to a "-"',
    ),
  },
  // https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles/create
  google_project_iam_custom_role: { role_id: text('^[a-zA-Z0-9_.]{3,64}$', '3 to 64 letters, digits, "_" and "."') },
  // https://cloud.google.com/storage/docs/buckets#naming
  google_storage_bucket: {
    name: text(
      '^[a-z0-9]([a-z0-9._-]{1,61}|[a-z0-9_-]{0,61}(\\.[a-z0-9_-]{1,63}){1,4})[a-z0-9]$',
      '3 to 63 lower-case letters, digits, "-", "_" and ".", from and to a letter or digit',
    ),
  },
  google_pubsub_topic: { name: PUBSUB_NAME, message_retention_duration: SECONDS },
  google_pubsub_schema: { name: PUBSUB_NAME },
  // https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions#Subscription
  google_pubsub_subscription: {
    name: PUBSUB_NAME,
    ack_deadline_seconds: { range: [10, 600] },
    message_retention_duration: SECONDS,
    'dead_letter_policy.max_delivery_attempts': { range: [5, 100] },
    'retry_policy.minimum_backoff': text('^([0-9]|[1-9][0-9]|[1-5][0-9]{2}|600)(\\.[0-9]{1,9})?s$', '0 to 600 seconds'),
    'retry_policy.maximum_backoff': text('^([0-9]|[1-9][0-9]|[1-5][0-9]{2}|600)(\\.[0-9]{1,9})?s$', '0 to 600 seconds'),
    'push_config.push_endpoint': text('^https://', 'Pub/Sub pushes to https only'),
  },
  // https://cloud.google.com/bigquery/docs/datasets#dataset-naming
  google_bigquery_dataset: {
    dataset_id: text('^[0-9A-Za-z_]+$', 'letters, digits and "_"'),
    default_table_expiration_ms: { range: [3_600_000, Number.MAX_SAFE_INTEGER] },
  },
  // https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/create
  google_secret_manager_secret: { secret_id: text('^[a-zA-Z0-9_-]{1,255}$', 'letters, digits, "-" and "_"') },
  google_cloud_run_v2_service: { name: RUN_NAME, 'template.timeout': SECONDS },
  google_cloud_run_v2_job: { name: RUN_NAME, 'template.template.timeout': SECONDS },
  google_cloudfunctions2_function: { name: RUN_NAME, 'service_config.timeout_seconds': { range: [1, 3_600] } },
  google_compute_network: { name: COMPUTE_NAME },
  google_compute_subnetwork: { name: COMPUTE_NAME },
  google_compute_firewall: { name: COMPUTE_NAME },
  google_compute_router: { name: COMPUTE_NAME },
  google_compute_global_address: { name: COMPUTE_NAME },
  // https://cloud.google.com/memorystore/docs/redis/reference/rest/v1/projects.locations.instances/create
  google_redis_instance: { name: text('^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$', 'as host names, 40 characters at most') },
  // https://cloud.google.com/sql/docs/postgres/instance-settings#instance-id-2ndgen
  google_sql_database_instance: {
    name: text('^[a-z][-a-z0-9]{0,96}$', 'lower-case letters, digits and "-", from a letter'),
  },
  // https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories/create
  google_artifact_registry_repository: { repository_id: COMPUTE_NAME },
  google_cloud_scheduler_job: { name: text('^[a-zA-Z0-9_-]{1,500}$', 'letters, digits, "-" and "_"') },
};
