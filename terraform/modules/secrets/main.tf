# Secrets without their values. Who reads one is said in terraform/deployables.yaml.

locals {
  own = {
    pii-keys                = { description = "Keys that personal values are tokenized and sealed with: {active, keys}", rotation_days = 365 }
    postgres-password       = { description = "PGPASSWORD of the bridge and the seeder", rotation_days = 180 }
    redis-auth              = { description = "AUTH string of the online store; its version comes from the instance", rotation_days = null }
    redis-ca                = { description = "Authorities of the online store's certificate, PEM; its version comes from the instance", rotation_days = null }
    seeder-api-key          = { description = "Who may have the seeder write test data", rotation_days = 180 }
    slack-webhook-url       = { description = "Where notify posts to Slack", rotation_days = 365 }
    google-chat-webhook-url = { description = "Where notify posts to Google Chat", rotation_days = 365 }
    telegram-bot-token      = { description = "Telegram bot that notify posts as", rotation_days = 365 }
    openlineage-api-key     = { description = "Key of the receiver of OpenLineage events", rotation_days = 365 }
  }

  secrets = coalesce(var.secrets, local.own)
}

resource "google_pubsub_topic_iam_member" "rotation" {
  count = var.rotation_topic == null ? 0 : 1

  project = var.project_id
  topic   = var.rotation_topic
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:${var.secretmanager_service_agent}"

  lifecycle {
    precondition {
      condition     = var.secretmanager_service_agent != null
      error_message = "rotation_topic needs secretmanager_service_agent, which publishes to it."
    }
  }
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  project     = var.project_id
  secret_id   = "${var.prefix}${each.key}"
  labels      = var.labels
  annotations = { description = each.value.description }

  version_destroy_ttl = "${var.version_destroy_days * 86400}s"
  deletion_protection = var.deletion_protection

  replication {
    dynamic "auto" {
      for_each = length(var.replica_locations) == 0 ? [true] : []

      content {}
    }

    dynamic "user_managed" {
      for_each = length(var.replica_locations) == 0 ? [] : [true]

      content {
        dynamic "replicas" {
          for_each = var.replica_locations

          content {
            location = replicas.value

            dynamic "customer_managed_encryption" {
              for_each = var.kms_key_name == null ? [] : [var.kms_key_name]

              content {
                kms_key_name = customer_managed_encryption.value
              }
            }
          }
        }
      }
    }
  }

  dynamic "topics" {
    for_each = var.rotation_topic != null && each.value.rotation_days != null ? [var.rotation_topic] : []

    content {
      name = topics.value
    }
  }

  # Secret Manager only tells that it is time; whoever rotates adds a version.
  dynamic "rotation" {
    for_each = var.rotation_topic != null && each.value.rotation_days != null ? [each.value.rotation_days] : []

    content {
      rotation_period    = "${rotation.value * 86400}s"
      next_rotation_time = timeadd(plantimestamp(), "${rotation.value * 24}h")
    }
  }

  # Secret Manager refuses a topic that it may not publish to.
  depends_on = [google_pubsub_topic_iam_member.rotation]

  lifecycle {
    # Set once; from then on Secret Manager moves it.
    ignore_changes = [rotation[0].next_rotation_time]

    precondition {
      condition     = var.kms_key_name == null || (length(var.replica_locations) == 1 && strcontains(coalesce(var.kms_key_name, "-"), "/locations/${join(",", var.replica_locations)}/"))
      error_message = "With kms_key_name, replica_locations must be the key's own region alone."
    }
  }
}
