mock_provider "google" {}

variables {
  project_id           = "demo-project"
  pubsub_service_agent = "service-1@gcp-sa-pubsub.iam.gserviceaccount.com"
  push_subscriptions = {
    transform = {
      topic           = "chain"
      endpoint        = "https://transform-abc-uc.a.run.app/"
      service_account = "projects/demo-project/serviceAccounts/push-transform@demo-project.iam.gserviceaccount.com"
      audience        = "https://transform-abc-uc.a.run.app"
      event_types     = ["warehouse.loaded", "incident.cleared", "transform.finished", "sweep.tick"]
    }
    notify = {
      topic           = "chain"
      endpoint        = "https://notify-abc-uc.a.run.app/"
      service_account = "projects/demo-project/serviceAccounts/push-notify@demo-project.iam.gserviceaccount.com"
      audience        = "https://notify-abc-uc.a.run.app"
    }
    feast-server = {
      topic                = "features"
      endpoint             = "https://feast-server-abc-uc.a.run.app/pubsub/push"
      service_account      = "projects/demo-project/serviceAccounts/push-feast-server@demo-project.iam.gserviceaccount.com"
      audience             = "https://feast-server-abc-uc.a.run.app"
      ack_deadline_seconds = 60
    }
  }
}

run "names_are_those_that_the_code_asks_for" {
  command = plan

  # platform/src/bus/topics.ts; the others are Google's to write.
  assert {
    condition     = { for role in ["changes", "dead-letter", "features", "chain"] : role => output.topic_names[role] } == { changes = "tributary.changes", dead-letter = "tributary.dead-letter", features = "tributary.features", chain = "tributary.chain" }
    error_message = "PubSubBus publishes to <TOPIC_PREFIX><topic>."
  }
  assert {
    condition     = toset([for subscription in google_pubsub_subscription.pull : subscription.name]) == toset(["tributary.changes.pipeline", "tributary.dead-letter.pipeline", "tributary.secret-rotation.kept", "tributary.undeliverable.kept"])
    error_message = "Groups that are read, and what people look at; one that nobody reads hoards."
  }
  assert {
    condition     = google_pubsub_subscription.push["transform"].name == "tributary.chain.transform"
    error_message = "A subscription is <topic>.<group>."
  }
}

run "the_prefix_is_a_variable" {
  command = plan
  variables {
    topic_prefix         = "staging."
    feature_server_pulls = true
  }

  assert {
    condition     = alltrue([for name in values(output.topic_names) : startswith(name, "staging.")]) && google_pubsub_schema.feature_row.name == "staging.feature-row"
    error_message = "Two environments of one project have nothing in common."
  }
  assert {
    condition     = google_pubsub_subscription.pull["features.feature-push"].name == "staging.features.feature-push" && google_pubsub_subscription.pull["features.feature-push"].enable_message_ordering
    error_message = "A feature server that pulls finds the subscription that it would make."
  }
}

run "every_subscription_has_dead_letters_retries_and_no_end" {
  command = apply

  assert {
    condition     = toset([for name, subscription in google_pubsub_subscription.pull : name if length(subscription.dead_letter_policy) == 0]) == toset(["undeliverable.kept"])
    error_message = "Only where dead letters end up are there none."
  }
  assert {
    condition     = alltrue([for subscription in merge(google_pubsub_subscription.pull, google_pubsub_subscription.push) : alltrue([for policy in subscription.dead_letter_policy : policy.dead_letter_topic == google_pubsub_topic.this["undeliverable"].id])])
    error_message = "Dead letters go to undeliverable, never to dead-letter, whose reader expects letters."
  }
  assert {
    condition     = alltrue([for subscription in merge(google_pubsub_subscription.pull, google_pubsub_subscription.push) : length(subscription.retry_policy) == 1 && subscription.expiration_policy[0].ttl == ""])
    error_message = "Every subscription retries with a pause and never expires."
  }
  assert {
    condition     = toset(keys(google_pubsub_subscription_iam_member.forwarded)) == toset(["changes.pipeline", "dead-letter.pipeline", "secret-rotation.kept", "push.transform", "push.notify", "push.feast-server"])
    error_message = "Pub/Sub forwards only from where it may acknowledge."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.forwards.topic == google_pubsub_topic.this["undeliverable"].id && google_pubsub_topic_iam_member.forwards.role == "roles/pubsub.publisher" && google_pubsub_topic_iam_member.forwards.member == "serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com"
    error_message = "And only to where it may publish."
  }
  assert {
    condition     = google_pubsub_subscription.pull["undeliverable.kept"].topic == google_pubsub_topic.this["undeliverable"].id && google_pubsub_subscription.pull["undeliverable.kept"].message_retention_duration == "1209600s"
    error_message = "A topic without a subscription keeps nothing; people have two weeks."
  }
}

run "every_push_is_signed_by_an_account_of_its_own" {
  command = plan

  assert {
    condition     = alltrue([for name, subscription in google_pubsub_subscription.push : subscription.push_config[0].oidc_token[0].service_account_email == "push-${name}@demo-project.iam.gserviceaccount.com"])
    error_message = "The token is of the account that was given."
  }
  assert {
    condition     = alltrue([for name, subscription in google_pubsub_subscription.push : subscription.push_config[0].oidc_token[0].audience == "https://${name}-abc-uc.a.run.app"])
    error_message = "The token is made out to the service, not to a path of it."
  }
  assert {
    condition     = toset([for grant in google_service_account_iam_member.signs : grant.service_account_id]) == toset([for push in values(var.push_subscriptions) : push.service_account]) && toset([for grant in google_service_account_iam_member.signs : grant.role]) == toset(["roles/iam.serviceAccountTokenCreator"])
    error_message = "Pub/Sub signs for these accounts, and for no others of the project."
  }
}

run "only_the_events_that_are_wanted_are_pushed" {
  command = plan

  assert {
    condition     = google_pubsub_subscription.push["transform"].filter == "attributes.\"ce-type\"=\"dev.tributary.warehouse.loaded.v1\" OR attributes.\"ce-type\"=\"dev.tributary.incident.cleared.v1\" OR attributes.\"ce-type\"=\"dev.tributary.transform.finished.v1\" OR attributes.\"ce-type\"=\"dev.tributary.sweep.tick.v1\""
    error_message = "CloudEvents' type is the attribute ce-type, whose name needs quotes."
  }
  assert {
    condition     = google_pubsub_subscription.push["notify"].filter == null
    error_message = "Without event_types every event is pushed."
  }
  assert {
    condition     = google_pubsub_subscription.push["feast-server"].enable_message_ordering && !google_pubsub_subscription.push["notify"].enable_message_ordering
    error_message = "Rows of an entity wait for each other; the chain's functions stand any order."
  }
}

run "a_filter_that_pubsub_would_refuse_is_refused_here" {
  command = plan
  variables {
    push_subscriptions = {
      everything = {
        topic           = "chain"
        endpoint        = "https://e-abc-uc.a.run.app/"
        service_account = "projects/demo-project/serviceAccounts/push-e@demo-project.iam.gserviceaccount.com"
        audience        = "https://e-abc-uc.a.run.app"
        event_types     = ["warehouse.loaded", "incident.cleared", "transform.finished", "sweep.tick", "quality.checked"]
      }
    }
  }

  expect_failures = [google_pubsub_subscription.push]
}

run "what_was_read_is_not_kept" {
  command = plan

  assert {
    condition     = alltrue([for topic in google_pubsub_topic.this : topic.message_retention_duration == null]) && alltrue([for subscription in merge(google_pubsub_subscription.pull, google_pubsub_subscription.push) : subscription.retain_acked_messages == false])
    error_message = "An erasure cannot reach acknowledged messages."
  }
}

run "feature_rows_are_checked_at_the_door_and_nothing_else_is" {
  command = apply

  assert {
    condition     = toset([for role, topic in google_pubsub_topic.this : role if length(topic.schema_settings) > 0]) == toset(["features"]) && google_pubsub_topic.this["features"].schema_settings[0].schema == google_pubsub_schema.feature_row.id && google_pubsub_topic.this["features"].schema_settings[0].encoding == "JSON"
    error_message = "Rows travel as JSON, and only theirs has a form that a schema holds (schemas.tf)."
  }
  assert {
    condition     = google_pubsub_schema.feature_row.type == "PROTOCOL_BUFFER" && google_pubsub_schema.feature_row.definition == file("../../../features/generated/feature-row.proto")
    error_message = "The schema is the one that npm run contracts makes."
  }
}

run "messages_stay_in_their_regions_under_the_key" {
  command = plan
  variables {
    persistence_regions = ["us-central1"]
    kms_key_name        = "projects/demo-project/locations/us-central1/keyRings/tributary/cryptoKeys/pubsub"
  }

  assert {
    condition     = alltrue([for topic in google_pubsub_topic.this : topic.kms_key_name == var.kms_key_name && toset(topic.message_storage_policy[0].allowed_persistence_regions) == toset(["us-central1"]) && topic.message_storage_policy[0].enforce_in_transit])
    error_message = "No topic is without either."
  }
}

run "what_cannot_be_is_refused" {
  command = plan
  variables {
    topic_prefix                 = "goog."
    pubsub_service_agent         = "pubsub"
    retention_days               = 32
    undeliverable_retention_days = 0
    push_subscriptions = {
      open = {
        topic                 = "undeliverable"
        endpoint              = "http://example.com"
        service_account       = "default"
        audience              = "me"
        event_types           = ["sweep.tick"]
        max_delivery_attempts = 1
      }
    }
  }

  expect_failures = [var.topic_prefix, var.pubsub_service_agent, var.retention_days, var.undeliverable_retention_days, var.push_subscriptions]
}
