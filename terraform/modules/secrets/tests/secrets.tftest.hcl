mock_provider "google" {}

variables {
  project_id = "demo-project"
}

run "every_secret_that_a_deployable_names_is_made" {
  command = plan

  assert {
    condition     = length(setsubtract([for match in regexall("secret: ?([a-z][a-z-]+)", file("../../deployables.yaml")) : match[0]], keys(google_secret_manager_secret.this))) == 0
    error_message = "terraform/deployables.yaml names a secret that is not declared in main.tf."
  }
  assert {
    # What the comparison above is of.
    condition     = contains([for match in regexall("secret: ?([a-z][a-z-]+)", file("../../deployables.yaml")) : match[0]], "pii-keys") && contains(keys(google_secret_manager_secret.this), "pii-keys")
    error_message = "The PII keys are a secret that deployables name."
  }
  assert {
    condition     = output.secret_names["pii-keys"] == "tributary-pii-keys"
    error_message = "Secrets are named by the prefix and their own name."
  }
  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.this : secret.deletion_protection && secret.version_destroy_ttl == "604800s"])
    error_message = "A secret that is lost is lost for ever: both it and its versions are protected."
  }
}

run "without_a_topic_nothing_is_due" {
  command = plan

  assert {
    condition     = length(flatten([for secret in google_secret_manager_secret.this : secret.rotation])) == 0 && length(google_pubsub_topic_iam_member.rotation) == 0
    error_message = "Secret Manager refuses a rotation that it cannot tell of."
  }
}

run "people_are_told_when_one_is_due" {
  command = plan
  variables {
    rotation_topic              = "projects/demo-project/topics/tributary.secret-rotation"
    secretmanager_service_agent = "service-1@gcp-sa-secretmanager.iam.gserviceaccount.com"
  }

  assert {
    condition     = google_secret_manager_secret.this["pii-keys"].rotation[0].rotation_period == "31536000s" && google_secret_manager_secret.this["pii-keys"].topics[0].name == var.rotation_topic
    error_message = "The PII keys are due once a year, on that topic."
  }
  assert {
    condition     = toset([for name, secret in google_secret_manager_secret.this : name if length(secret.rotation) == 0]) == toset(["redis-auth", "redis-ca"])
    error_message = "Only what the online store makes itself is never due."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.rotation[0].member == "serviceAccount:service-1@gcp-sa-secretmanager.iam.gserviceaccount.com" && google_pubsub_topic_iam_member.rotation[0].role == "roles/pubsub.publisher"
    error_message = "Secret Manager's agent publishes there."
  }
}

run "a_topic_needs_somebody_who_publishes" {
  command = plan
  variables {
    rotation_topic = "projects/demo-project/topics/tributary.secret-rotation"
  }

  expect_failures = [google_pubsub_topic_iam_member.rotation]
}

run "values_are_under_the_key_in_its_region" {
  command = plan
  variables {
    kms_key_name      = "projects/demo-project/locations/us-central1/keyRings/tributary/cryptoKeys/secretmanager"
    replica_locations = ["us-central1"]
  }

  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.this : secret.replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name == var.kms_key_name && length(secret.replication[0].auto) == 0])
    error_message = "With a key, no secret is without it."
  }
}

run "a_key_of_another_region_is_refused" {
  command = plan
  variables {
    kms_key_name      = "projects/demo-project/locations/europe-west1/keyRings/tributary/cryptoKeys/secretmanager"
    replica_locations = ["us-central1"]
  }

  expect_failures = [google_secret_manager_secret.this]
}

run "a_key_without_a_region_is_refused" {
  command = plan
  variables {
    kms_key_name = "projects/demo-project/locations/us-central1/keyRings/tributary/cryptoKeys/secretmanager"
  }

  expect_failures = [google_secret_manager_secret.this]
}

run "ones_own_secrets_take_the_place_of_the_platforms" {
  command = plan
  variables {
    secrets = { vendor-key = { description = "Key of a vendor" } }
    prefix  = "mine-"
  }

  assert {
    condition     = output.secret_names == { vendor-key = "mine-vendor-key" }
    error_message = "What is given is what is made."
  }
}
