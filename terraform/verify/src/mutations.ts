/** One mistake that somebody could make in the real configuration. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  /** What is replaced; it occurs once. */
  readonly from: string;
  readonly to: string;
  /** What an assertion says of the plan, or Terraform with its provider of the configuration. */
  readonly says: RegExp;
}

const BUS = 'terraform/modules/bus/main.tf';
const TABLE = 'terraform/deployables.yaml';
const SERVICE = 'terraform/modules/service/main.tf';

/** Mistakes that plan well and break a rule; no two of them touch the same text, so that one plan has them all. */
export const BREAK_A_RULE: readonly Mutation[] = [
  {
    name: 'a push without a token',
    file: BUS,
    from: `    oidc_token {
      service_account_email = element(split("/", each.value.service_account), 3)
      audience              = each.value.audience
    }
`,
    to: '',
    says: /google_pubsub_subscription\.push\[.*pushes without an OIDC token/,
  },
  {
    name: 'subscriptions without dead letters',
    file: BUS,
    from: `  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.this["undeliverable"].id
    max_delivery_attempts = each.value.max_delivery_attempts
  }
`,
    to: '',
    says: /google_pubsub_subscription\.push\[.*has no dead_letter_policy/,
  },
  {
    name: 'a role for everything',
    file: 'terraform/modules/registry/main.tf',
    from: 'resource "google_artifact_registry_repository" "images" {',
    to: `resource "google_project_iam_member" "everything" {
  project = var.project_id
  role    = "roles/editor"
  member  = "serviceAccount:tributary-dbt@\${var.project_id}.iam.gserviceaccount.com"
}

resource "google_artifact_registry_repository" "images" {`,
    says: /everything: roles\/editor is a primitive role/,
  },
  {
    name: 'the right to act as every account of the project',
    file: 'terraform/modules/identities/main.tf',
    from: '  project = var.project_id\n  role    = local.roles[each.key]\n',
    to: '  project = var.project_id\n  role    = "roles/iam.serviceAccountUser"\n',
    says: /serviceAccountUser on the whole project/,
  },
  {
    name: 'a grant past the table',
    file: 'terraform/modules/sweep/main.tf',
    from: 'resource "google_cloud_scheduler_job" "sweep" {',
    to: `resource "google_pubsub_topic_iam_member" "past_the_table" {
  project = var.project_id
  topic   = var.chain_topic
  role    = "roles/pubsub.viewer"
  member  = "serviceAccount:tributary-validate@\${var.project_id}.iam.gserviceaccount.com"
}

resource "google_cloud_scheduler_job" "sweep" {`,
    says: /past_the_table: no row of the table gives serviceAccount:tributary-validate@/,
  },
  {
    name: 'a door that the table keeps shut',
    file: SERVICE,
    from: '"INGRESS_TRAFFIC_INTERNAL_ONLY"',
    to: '"INGRESS_TRAFFIC_ALL"',
    says: /can be reached from the internet/,
  },
  {
    name: 'a service that everybody may call',
    file: SERVICE,
    from: 'invoker_iam_disabled = !var.invoker_check',
    to: 'invoker_iam_disabled = true',
    says: /module\.service\["debezium-bridge"\].*lets everybody call, which the table does not list/,
  },
  {
    name: 'a variable that the configuration module asks for is forgotten',
    file: TABLE,
    from: '      LANDING_BUCKET: { value: landing_bucket }\n',
    to: '',
    says: /LANDING_BUCKET is missing/,
  },
  {
    name: 'a password that is written down',
    file: TABLE,
    from: '      PGDATABASE: { value: database_name }\n    secrets:\n      PGPASSWORD: { secret: postgres-password }\n',
    to: '      PGDATABASE: { value: database_name }\n      PGPASSWORD: "1234"\n',
    says: /PGPASSWORD is a secret and is written/,
  },
  {
    name: 'a bucket that can be opened to the public',
    file: 'terraform/modules/storage/main.tf',
    from: 'public_access_prevention    = "enforced"',
    to: 'public_access_prevention    = "inherited"',
    says: /public_access_prevention must be/,
  },
];

/** Mistakes that Terraform refuses, each for itself: the first one ends it. */
export const REFUSED: readonly Mutation[] = [
  {
    name: 'a misspelt argument',
    file: SERVICE,
    from: 'max_instance_request_concurrency = var.scaling.concurrency',
    to: 'max_instance_requests_concurrency = var.scaling.concurrency',
    says: /Unsupported argument[\s\S]*max_instance_requests_concurrency/,
  },
  {
    name: 'a value that the provider does not know',
    file: SERVICE,
    from: 'execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"',
    to: 'execution_environment            = "EXECUTION_ENVIRONMENT_GEN3"',
    says: /Value not among those the provider's documentation lists/,
  },
];
