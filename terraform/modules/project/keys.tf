# One key a service, so that the log of a key's use tells who used it, and one can be taken away without the others.

locals {
  # A multi-region of BigQuery needs a key in the multi-region of Cloud KMS. https://cloud.google.com/bigquery/docs/customer-managed-encryption#location
  bigquery_key_location = lookup({ US = "us", EU = "europe" }, var.bigquery_location, var.bigquery_location)

  # By what is encrypted: where the key is, and whose agents use it.
  keys = {
    artifactregistry = { location = var.region, agents = ["artifactregistry"] }
    bigquery         = { location = local.bigquery_key_location, agents = ["bigquery"] }
    dataflow         = { location = var.region, agents = ["dataflow", "compute"] }
    pubsub           = { location = var.region, agents = ["pubsub"] }
    redis            = { location = var.region, agents = ["redis"] }
    # Functions are built, stored and triggered by others. https://cloud.google.com/functions/docs/securing/cmek#granting_service_accounts_access_to_the_key
    run           = { location = var.region, agents = ["run", "cloudfunctions", "artifactregistry", "eventarc", "storage"] }
    secretmanager = { location = var.region, agents = ["secretmanager"] }
    sqladmin      = { location = var.region, agents = ["sqladmin"] }
    storage       = { location = var.region, agents = ["storage"] }
  }

  made_keys = var.cmek ? local.keys : {}

  key_users = merge([
    for name, key in local.made_keys : { for agent in key.agents : "${name}.${agent}" => { key = name, agent = agent } }
  ]...)

  # The reader of a key's name is not refused where there are none.
  key_names = { for name in keys(local.keys) : name => try(google_kms_crypto_key.this[name].id, null) }
}

resource "google_kms_key_ring" "this" {
  for_each = toset(values(local.made_keys)[*].location)

  project  = var.project_id
  name     = "tributary"
  location = each.key

  depends_on = [google_project_service.enabled]
}

resource "google_kms_crypto_key" "this" {
  for_each = local.made_keys

  name     = each.key
  key_ring = google_kms_key_ring.this[each.value.location].id
  purpose  = "ENCRYPT_DECRYPT"
  labels   = var.labels

  # 90 days, the most that the CIS benchmark allows; what was written before stays readable under the older versions.
  rotation_period = "7776000s"

  # A version that is destroyed by mistake can be brought back for thirty days.
  destroy_scheduled_duration = "2592000s"

  lifecycle {
    # What it encrypted is lost with it, backups included.
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = local.key_users

  crypto_key_id = google_kms_crypto_key.this[each.value.key].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${local.agents[each.value.agent]}"

  depends_on = [google_project_service_identity.agent]
}
