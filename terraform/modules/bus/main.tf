# Topics, and who reads them. Names are those that platform/src/bus/pubsub.ts makes: <prefix><topic>, and <prefix><topic>.<group>.

locals {
  topics = toset([
    "changes", "dead-letter", "features", "chain",
    # Finalized objects of the lake's processed/, announced by Cloud Storage.
    "lake-objects",
    # Secret Manager says here that a secret is due.
    "secret-rotation",
    # What a subscriber refused until Pub/Sub gave up. Not dead-letter: that has letters of a form of its own, which the pipeline stores.
    "undeliverable",
  ])

  # A group of which nobody reads hoards messages, so the feature server's is here only where it pulls.
  pull_subscriptions = merge(
    {
      # Unordered: nothing in the pipeline needs order, and Dataflow would not keep it (dataflow-flink/README.md, "Run on Dataflow").
      # Dataflow extends deadlines itself and gives no message back: what it cannot process it makes a letter of. Attempts that fail are deadlines that passed with
      # dead workers, so that 100 of them are most of a day without a working pipeline, after which messages wait in undeliverable.
      "changes.pipeline"     = { topic = "changes", ordered = false, ack_deadline = 600, attempts = 100 }
      "dead-letter.pipeline" = { topic = "dead-letter", ordered = false, ack_deadline = 600, attempts = 100 }
      # People pull it to look.
      "secret-rotation.kept" = { topic = "secret-rotation", ordered = false, ack_deadline = 60, attempts = 100 }
      # The end of the line: Pub/Sub's own attributes say whose subscription gave up. It gives up on nothing itself.
      "undeliverable.kept" = { topic = "undeliverable", ordered = false, ack_deadline = 60, attempts = null }
    },
    var.feature_server_pulls ? {
      # As platform/src/bus/pubsub.ts would make it.
      "features.feature-push" = { topic = "features", ordered = true, ack_deadline = 60, attempts = 20 }
    } : {},
  )

  agent = "serviceAccount:${var.pubsub_service_agent}"

  # https://cloud.google.com/pubsub/docs/subscription-message-filter#filtering_syntax
  filters = {
    for name, subscription in var.push_subscriptions : name => join(" OR ", [
      for type in subscription.event_types : "attributes.\"ce-type\"=\"dev.tributary.${type}.v1\""
    ])
  }

  # What has a dead-letter policy: Pub/Sub acknowledges there what it forwards.
  with_dead_letters = merge(
    { for name, subscription in local.pull_subscriptions : name => google_pubsub_subscription.pull[name].name if subscription.attempts != null },
    { for name in keys(var.push_subscriptions) : "push.${name}" => google_pubsub_subscription.push[name].name },
  )

  push_accounts = toset(values(var.push_subscriptions)[*].service_account)
}

resource "google_pubsub_topic" "this" {
  for_each = local.topics

  project      = var.project_id
  name         = "${var.topic_prefix}${each.key}"
  kms_key_name = var.kms_key_name
  labels       = merge(var.labels, { role = each.key })

  # No message_retention_duration: it keeps acknowledged messages, which an erasure could not reach. raw/ in the lake is what is replayed.

  dynamic "message_storage_policy" {
    for_each = length(var.persistence_regions) == 0 ? [] : [var.persistence_regions]

    content {
      allowed_persistence_regions = message_storage_policy.value
      enforce_in_transit          = true
    }
  }

  dynamic "schema_settings" {
    for_each = each.key == "features" ? [google_pubsub_schema.feature_row.id] : []

    content {
      schema   = schema_settings.value
      encoding = "JSON"
    }
  }
}

resource "google_pubsub_subscription" "pull" {
  for_each = local.pull_subscriptions

  project                    = var.project_id
  name                       = "${var.topic_prefix}${each.key}"
  topic                      = google_pubsub_topic.this[each.value.topic].id
  labels                     = var.labels
  enable_message_ordering    = each.value.ordered
  ack_deadline_seconds       = each.value.ack_deadline
  message_retention_duration = "${(each.key == "undeliverable.kept" ? var.undeliverable_retention_days : var.retention_days) * 86400}s"
  retain_acked_messages      = false

  # Never: a subscription that nobody read for a month is an outage, not litter.
  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "1s"
    maximum_backoff = "10s"
  }

  dynamic "dead_letter_policy" {
    for_each = each.value.attempts == null ? [] : [each.value.attempts]

    content {
      dead_letter_topic     = google_pubsub_topic.this["undeliverable"].id
      max_delivery_attempts = dead_letter_policy.value
    }
  }
}

resource "google_pubsub_subscription" "push" {
  for_each = var.push_subscriptions

  project                    = var.project_id
  name                       = "${var.topic_prefix}${each.value.topic}.${each.key}"
  topic                      = google_pubsub_topic.this[each.value.topic].id
  labels                     = var.labels
  filter                     = local.filters[each.key] == "" ? null : local.filters[each.key]
  enable_message_ordering    = coalesce(each.value.ordered, each.value.topic == "features")
  ack_deadline_seconds       = each.value.ack_deadline_seconds
  message_retention_duration = "${var.retention_days * 86400}s"
  retain_acked_messages      = false

  push_config {
    push_endpoint = each.value.endpoint

    oidc_token {
      service_account_email = element(split("/", each.value.service_account), 3)
      audience              = each.value.audience
    }
  }

  expiration_policy {
    ttl = ""
  }

  # A refusal is repeated after a growing pause: what is transient passes before the attempts are spent.
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.this["undeliverable"].id
    max_delivery_attempts = each.value.max_delivery_attempts
  }

  # Pub/Sub refuses an account that it may not sign for.
  depends_on = [google_service_account_iam_member.signs]

  lifecycle {
    precondition {
      # https://cloud.google.com/pubsub/docs/subscription-message-filter
      condition     = length(local.filters[each.key]) <= 256
      error_message = "The filter of ${each.key} has ${length(local.filters[each.key])} characters and Pub/Sub takes 256: list fewer event_types, or none."
    }
  }
}
