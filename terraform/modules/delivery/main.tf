# Deploying from GitHub without keys. GitHub says who a job is; nothing that could be stolen is stored there.
# https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/configuring-openid-connect-in-google-cloud-platform

locals {
  # What `npm run deploy` does, by the role that it needs: Terraform makes all of these resources. None is owner or editor.
  roles = {
    "roles/artifactregistry.admin"          = "the registry of images"
    "roles/bigquery.admin"                  = "datasets, tables and their grants"
    "roles/cloudbuild.builds.editor"        = "gcloud builds submit, deploy/src/artifacts/cloud-build.ts"
    "roles/cloudfunctions.admin"            = "functions"
    "roles/cloudscheduler.admin"            = "the sweep"
    "roles/cloudsql.admin"                  = "the database"
    "roles/compute.networkAdmin"            = "the network"
    "roles/compute.securityAdmin"           = "its firewall"
    "roles/dataflow.admin"                  = "the stream"
    "roles/datacatalog.admin"               = "policy tags"
    "roles/eventarc.admin"                  = "triggers of functions"
    "roles/iam.roleAdmin"                   = "custom roles of terraform/deployables.yaml"
    "roles/iam.serviceAccountAdmin"         = "accounts, and who acts as them"
    "roles/iam.workloadIdentityPoolViewer"  = "this pool, which Terraform reads; only an owner changes it"
    "roles/logging.configWriter"            = "metrics of logs"
    "roles/monitoring.editor"               = "alerts, dashboards, uptime checks"
    "roles/pubsub.admin"                    = "topics, schemas, subscriptions"
    "roles/redis.admin"                     = "the online store"
    "roles/resourcemanager.projectIamAdmin" = "roles of the accounts on the project"
    "roles/run.admin"                       = "services and jobs; their traffic on a rollback, deploy/src/rollback.ts"
    "roles/secretmanager.admin"             = "secrets, and their first values, deploy/src/secrets.ts"
    "roles/servicenetworking.networksAdmin" = "the private connection to Cloud SQL"
    "roles/serviceusage.serviceUsageAdmin"  = "APIs, deploy/src/prerequisites/project.ts"
    "roles/storage.admin"                   = "buckets, packages, the state and the deploys' journal, deploy/src/journal.ts"
  }

  # A job of this repository that runs in this GitHub environment, and no other: https://docs.github.com/actions/reference/security/oidc#filtering-for-a-specific-environment
  subject = "repo:${var.repository}:environment:${var.environment}"
}

resource "google_iam_workload_identity_pool" "github" {
  project                   = var.project_id
  workload_identity_pool_id = "tributary-github"
  display_name              = "GitHub Actions"
  description               = "Jobs of ${var.repository} that deploy"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:attribute_condition names the repository and its owner's number, and the grant one environment; the rule wants a literal

  project                            = var.project_id
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"

  attribute_mapping = {
    "google.subject"                = "assertion.sub"
    "attribute.repository"          = "assertion.repository"
    "attribute.repository_owner_id" = "assertion.repository_owner_id"
  }
  # Without it any repository of GitHub could come in by this door.
  attribute_condition = "assertion.repository == '${var.repository}' && assertion.repository_owner_id == '${var.repository_owner_id}'"

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "deployer" {
  project      = var.project_id
  account_id   = "tributary-deployer"
  display_name = "Deploys from CI"
  description  = "npm run deploy from GitHub Actions; terraform/modules/delivery says what each role is for"
}

resource "google_service_account_iam_member" "github" {
  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/subject/${local.subject}"
}

resource "google_project_iam_member" "deployer" {
  #checkov:skip=CKV_GCP_49:it makes the accounts, jobs and builds of the platform; local.roles says what each role is for

  for_each = local.roles

  project = var.project_id
  role    = each.key
  member  = google_service_account.deployer.member
}

# What is deployed under an account takes the right to act as that account: of each one, not of all that the project will ever have.
resource "google_service_account_iam_member" "acts_as" {
  for_each = var.accounts

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deployer.member
}

resource "google_secret_manager_secret_iam_member" "reads" {
  for_each = var.secrets

  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.deployer.member
}

# ID tokens only: they open what the smoke account may call, and no API of Google.
resource "google_service_account_iam_member" "smoke_tokens" {
  for_each = merge({ deployer = google_service_account.deployer.member }, { for member in var.people : member => member })

  service_account_id = var.smoke_account
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = each.value
}
