# APIs, Google's service agents and what those may do, and the keys of CMEK.

locals {
  # Why each is needed, once.
  apis = toset(concat([
    "artifactregistry.googleapis.com",     # images
    "bigquery.googleapis.com",             # warehouse
    "bigquerydatapolicy.googleapis.com",   # columns with policy tags are read through it
    "bigquerystorage.googleapis.com",      # Feast and the pipeline read and append rows
    "billingbudgets.googleapis.com",       # budget
    "cloudbuild.googleapis.com",           # functions are built from source
    "cloudfunctions.googleapis.com",       # functions
    "cloudkms.googleapis.com",             # keys of CMEK
    "cloudresourcemanager.googleapis.com", # Terraform reads the project's number
    "cloudscheduler.googleapis.com",       # sweep
    "compute.googleapis.com",              # network, Dataflow workers
    "containerscanning.googleapis.com",    # vulnerabilities of images
    "datacatalog.googleapis.com",          # policy tags
    "dataflow.googleapis.com",             # pipeline
    "eventarc.googleapis.com",             # triggers
    "iam.googleapis.com",                  # service accounts
    "iamcredentials.googleapis.com",       # keyless delivery
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",        # bus
    "redis.googleapis.com",         # online store
    "run.googleapis.com",           # services and jobs
    "secretmanager.googleapis.com", # secrets
    "servicenetworking.googleapis.com",
    "serviceusage.googleapis.com", # quotas
    "sqladmin.googleapis.com",     # database
    "storage.googleapis.com",      # lake
    "sts.googleapis.com",          # keyless delivery
    "telemetry.googleapis.com",    # metrics by OTLP
    "vpcaccess.googleapis.com",    # connector
    "networkconnectivity.googleapis.com",
  ], tolist(var.additional_apis)))

  # Agents that exist only once they were asked for, or once their service was used first: too late for a role or a key that has to be there before.
  requested_agents = toset([
    "artifactregistry", "cloudbuild", "cloudfunctions", "cloudscheduler", "dataflow", "eventarc", "pubsub", "redis", "run", "secretmanager", "sqladmin",
  ])

  # https://cloud.google.com/iam/docs/service-agents
  agent_domains = {
    artifactregistry = "gcp-sa-artifactregistry.iam.gserviceaccount.com"
    cloudbuild       = "gcp-sa-cloudbuild.iam.gserviceaccount.com"
    cloudfunctions   = "gcf-admin-robot.iam.gserviceaccount.com"
    cloudscheduler   = "gcp-sa-cloudscheduler.iam.gserviceaccount.com"
    compute          = "compute-system.iam.gserviceaccount.com"
    dataflow         = "dataflow-service-producer-prod.iam.gserviceaccount.com"
    eventarc         = "gcp-sa-eventarc.iam.gserviceaccount.com"
    pubsub           = "gcp-sa-pubsub.iam.gserviceaccount.com"
    redis            = "cloud-redis.iam.gserviceaccount.com"
    run              = "serverless-robot-prod.iam.gserviceaccount.com"
    secretmanager    = "gcp-sa-secretmanager.iam.gserviceaccount.com"
    sqladmin         = "gcp-sa-cloud-sql.iam.gserviceaccount.com"
  }

  agents = merge(
    { for service, domain in local.agent_domains : service => "service-${data.google_project.this.number}@${domain}" },
    {
      bigquery = data.google_bigquery_default_service_account.this.email
      storage  = data.google_storage_project_service_account.this.email_address
    },
  )
}

resource "google_project_service" "enabled" {
  for_each = local.apis

  project = var.project_id
  service = each.key

  # Others in the project may use it too, and to disable one destroys what it holds.
  disable_on_destroy = false
}

data "google_project" "this" {
  project_id = var.project_id

  depends_on = [google_project_service.enabled]
}

resource "google_project_service_identity" "agent" {
  provider = google-beta
  for_each = local.requested_agents

  project = var.project_id
  service = "${each.key}.googleapis.com"

  depends_on = [google_project_service.enabled]
}

# Reading these makes them.
data "google_storage_project_service_account" "this" {
  project = var.project_id

  depends_on = [google_project_service.enabled]
}

data "google_bigquery_default_service_account" "this" {
  project = var.project_id

  depends_on = [google_project_service.enabled]
}

# Eventarc makes the topic of a bucket's trigger by itself, so that no narrower role than the project's reaches it.
# https://cloud.google.com/eventarc/standard/docs/run/create-trigger-storage-gcloud#before-you-begin
resource "google_project_iam_member" "storage_publishes" {
  project = var.project_id
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:${local.agents.storage}"
}

# Granted by Google when the API is enabled, but minutes later than the first trigger is made.
resource "google_project_iam_member" "eventarc_agent" {
  #checkov:skip=CKV_GCP_49:Google's own agent, with the role that Google gives it when the API is enabled

  project = var.project_id
  role    = "roles/eventarc.serviceAgent"
  member  = "serviceAccount:${local.agents.eventarc}"

  depends_on = [google_project_service_identity.agent]
}
