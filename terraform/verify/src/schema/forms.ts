import type { Item } from './model.ts';

type Forms = Readonly<Record<string, Readonly<Record<string, Partial<Item>>>>>;

const form = (of: string): Partial<Item> => ({ form: of });
const email = '{account_id}@{project}.iam.gserviceaccount.com';

/**
 * Computed values that follow from arguments, so that a first plan says who may do what on which resource instead of "known after apply".
 *
 * The provider itself may know fewer of them before it applies; none of them can turn out otherwise.
 */
export const FORMS: { readonly resources: Forms; readonly data: Forms } = {
  resources: {
    google_service_account: {
      email: form(email),
      member: form(`serviceAccount:${email}`),
      name: form(`projects/{project}/serviceAccounts/${email}`),
      id: form(`projects/{project}/serviceAccounts/${email}`),
    },
    google_project_iam_custom_role: {
      name: form('projects/{project}/roles/{role_id}'),
      id: form('projects/{project}/roles/{role_id}'),
    },
    google_pubsub_topic: { id: form('projects/{project}/topics/{name}') },
    google_pubsub_subscription: { id: form('projects/{project}/subscriptions/{name}') },
    google_pubsub_schema: { id: form('projects/{project}/schemas/{name}') },
    google_storage_bucket: { id: form('{name}'), url: form('gs://{name}') },
    google_secret_manager_secret: { id: form('projects/{project}/secrets/{secret_id}') },
    google_bigquery_dataset: { id: form('projects/{project}/datasets/{dataset_id}') },
    google_bigquery_table: { id: form('projects/{project}/datasets/{dataset_id}/tables/{table_id}') },
    google_artifact_registry_repository: {
      id: form('projects/{project}/locations/{location}/repositories/{repository_id}'),
      name: form('{repository_id}'),
    },
    google_cloud_run_v2_service: { id: form('projects/{project}/locations/{location}/services/{name}') },
    google_cloud_run_v2_job: { id: form('projects/{project}/locations/{location}/jobs/{name}') },
    google_cloudfunctions2_function: { id: form('projects/{project}/locations/{location}/functions/{name}') },
    google_compute_network: { id: form('projects/{project}/global/networks/{name}') },
    google_compute_subnetwork: { id: form('projects/{project}/regions/{region}/subnetworks/{name}') },
  },
  data: {
    // A number that belongs to nobody: Google's own examples use it.
    google_project: { number: form('123456789012') },
    google_storage_project_service_account: {
      email_address: form('service-123456789012@gs-project-accounts.iam.gserviceaccount.com'),
    },
    google_bigquery_default_service_account: {
      email: form('bq-123456789012@bigquery-encryption.iam.gserviceaccount.com'),
    },
  },
};
