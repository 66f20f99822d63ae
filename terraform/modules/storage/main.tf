# Buckets by what they are for, with the lifecycle that contracts ask for.

locals {
  lifecycle_file = coalesce(var.lifecycle_file, "${path.module}/../../../contracts/generated/lifecycle.json")
  lifecycle      = jsondecode(file(local.lifecycle_file)).buckets

  artifacts_rules = [
    # temp/ only: a stream's new workers read what was staged when it was launched.
    { action = { type = "Delete" }, condition = { age = var.temp_days, matchesPrefix = ["temp/"] } },
    { action = { type = "Delete" }, condition = { daysSinceNoncurrentTime = 30, isLive = false } },
    { action = { type = "AbortIncompleteMultipartUpload" }, condition = { age = 7 } },
  ]

  buckets = {
    lake = { name = var.lake_bucket, versioning = var.versioning, rules = local.lifecycle.lake.lifecycle.rule }
    # No versions: files are removed as soon as they are ingested, since they may hold clear personal data.
    landing = { name = var.landing_bucket, versioning = false, rules = local.lifecycle.landing.lifecycle.rule }
    # An older package or specification is what a roll-back needs.
    artifacts = { name = var.artifacts_bucket, versioning = true, rules = local.artifacts_rules }
    # No versions: a key that was destroyed has to be gone. Secret Manager has those in force.
    keys = { name = var.keys_bucket, versioning = false, rules = [] }
  }

  # Members of a rule's condition that are carried over below; any other would be dropped without a word.
  known_conditions = ["age", "daysSinceNoncurrentTime", "isLive", "matchesPrefix"]
}

resource "google_storage_bucket" "this" {
  #checkov:skip=CKV_GCP_62:usage logs are for public buckets; who read what is in Cloud Audit Logs. https://cloud.google.com/storage/docs/access-logs
  #checkov:skip=CKV_GCP_78:versions of landing/ and of keys would keep what was erased or withdrawn

  for_each = local.buckets

  project       = var.project_id
  name          = each.value.name
  location      = var.location
  storage_class = "STANDARD"
  force_destroy = var.force_destroy
  labels        = merge(var.labels, { role = each.key })

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = each.value.versioning
  }

  # What was erased would come back from it for days.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  dynamic "encryption" {
    for_each = var.kms_key_name == null ? [] : [var.kms_key_name]

    content {
      default_kms_key_name = encryption.value
    }
  }

  dynamic "lifecycle_rule" {
    for_each = each.value.rules

    content {
      action {
        type = lifecycle_rule.value.action.type
      }
      condition {
        age                        = try(lifecycle_rule.value.condition.age, null)
        days_since_noncurrent_time = try(lifecycle_rule.value.condition.daysSinceNoncurrentTime, null)
        matches_prefix             = try(lifecycle_rule.value.condition.matchesPrefix, null)
        with_state                 = try(lifecycle_rule.value.condition.isLive ? "LIVE" : "ARCHIVED", null)
      }
    }
  }

  lifecycle {
    precondition {
      condition     = alltrue([for rule in each.value.rules : length(setsubtract(keys(rule.condition), local.known_conditions)) == 0])
      error_message = "${local.lifecycle_file} has a condition that this module does not carry over; add it to main.tf and to known_conditions."
    }
  }
}

data "google_storage_project_service_account" "this" {
  project = var.project_id
}

resource "google_pubsub_topic_iam_member" "announces" {
  for_each = var.notifications

  project = var.project_id
  topic   = each.value.topic
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:${data.google_storage_project_service_account.this.email_address}"
}

# Eventarc's own triggers cannot be limited to a folder: each file in raw/ would call the loader for nothing.
resource "google_storage_notification" "finalized" {
  for_each = var.notifications

  bucket             = google_storage_bucket.this[each.value.bucket].name
  topic              = each.value.topic
  payload_format     = "JSON_API_V1"
  event_types        = ["OBJECT_FINALIZE"]
  object_name_prefix = each.value.prefix

  # Cloud Storage refuses a topic that it may not publish to.
  depends_on = [google_pubsub_topic_iam_member.announces]
}
