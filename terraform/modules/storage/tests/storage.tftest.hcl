mock_provider "google" {
  mock_data "google_storage_project_service_account" {
    defaults = { email_address = "service-1@gs-project-accounts.iam.gserviceaccount.com" }
  }
}

variables {
  project_id       = "demo-project"
  location         = "us-central1"
  lake_bucket      = "demo-project-lake"
  landing_bucket   = "demo-project-landing"
  artifacts_bucket = "demo-project-artifacts"
  keys_bucket      = "demo-project-keys"
}

run "nobody_gets_in_but_by_iam" {
  command = plan

  assert {
    condition     = alltrue([for bucket in google_storage_bucket.this : bucket.uniform_bucket_level_access && bucket.public_access_prevention == "enforced"])
    error_message = "Every bucket is closed to the public, and to access lists of single objects."
  }
  assert {
    condition     = length([for bucket in google_storage_bucket.this : bucket if bucket.force_destroy]) == 0
    error_message = "A bucket that holds anything is not destroyed by default."
  }
}

run "what_is_erased_does_not_come_back" {
  command = plan

  assert {
    condition     = alltrue([for bucket in google_storage_bucket.this : bucket.soft_delete_policy[0].retention_duration_seconds == 0])
    error_message = "Soft delete keeps for a week what was erased."
  }
  assert {
    condition     = { for role, bucket in google_storage_bucket.this : role => bucket.versioning[0].enabled } == { lake = true, landing = false, artifacts = true, keys = false }
    error_message = "Versions are kept of what an erasure or nobody's person is in: not of landing files in clear, nor of keys."
  }
  assert {
    condition     = alltrue([for role, bucket in google_storage_bucket.this : length([for rule in bucket.lifecycle_rule : rule if one(rule.condition).with_state == "ARCHIVED"]) > 0 if bucket.versioning[0].enabled])
    error_message = "Where versions are kept, a rule removes them."
  }
}

# The rules of a bucket, told in the JSON that the contracts were compiled to.
run "lifecycle_rules_are_those_of_the_contracts" {
  command = plan

  assert {
    condition = alltrue([
      for role in ["lake", "landing"] : jsonencode([
        for rule in google_storage_bucket.this[role].lifecycle_rule : {
          action = one(rule.action).type
          age    = try(coalesce(one(rule.condition).age, 0), 0)
          days   = try(coalesce(one(rule.condition).days_since_noncurrent_time, 0), 0)
          live   = try(coalesce(one(rule.condition).with_state, "ANY"), "ANY")
          prefix = try(coalescelist(one(rule.condition).matches_prefix, ["-"]), ["-"])
        }
        ]) == jsonencode([
        for rule in jsondecode(file("../../../contracts/generated/lifecycle.json")).buckets[role].lifecycle.rule : {
          action = rule.action.type
          age    = try(rule.condition.age, 0)
          days   = try(rule.condition.daysSinceNoncurrentTime, 0)
          live   = try(rule.condition.isLive ? "LIVE" : "ARCHIVED", "ANY")
          prefix = try(rule.condition.matchesPrefix, ["-"])
        }
      ])
    ])
    error_message = "The buckets' rules differ from contracts/generated/lifecycle.json."
  }
  assert {
    condition     = length(google_storage_bucket.this["lake"].lifecycle_rule) >= 5
    error_message = "The comparison above was of nothing."
  }
  assert {
    condition     = !anytrue(flatten([for rule in google_storage_bucket.this["lake"].lifecycle_rule : [for prefix in coalesce(one(rule.condition).matches_prefix, []) : prefix == "control/" || startswith("erasures/", prefix)]]))
    error_message = "Commits prune control/ themselves, and the list of erasures is for ever."
  }
}

run "staged_files_of_running_streams_stay" {
  command = plan

  assert {
    condition     = flatten([for rule in google_storage_bucket.this["artifacts"].lifecycle_rule : coalesce(one(rule.condition).matches_prefix, []) if coalesce(one(rule.condition).age, 0) > 0 && one(rule.action).type == "Delete"]) == ["temp/"]
    error_message = "Only temporary files go by age: new workers read staged ones, and functions and images are built from packages."
  }
}

run "a_condition_that_is_not_carried_over_is_refused" {
  command = plan
  variables {
    lifecycle_file = "tests/unknown-condition.json"
  }

  expect_failures = [google_storage_bucket.this]
}

run "finalized_objects_of_a_folder_are_announced" {
  command = plan
  variables {
    notifications = { processed = { bucket = "lake", prefix = "processed/", topic = "projects/demo-project/topics/tributary.lake-objects" } }
  }

  assert {
    condition     = google_storage_notification.finalized["processed"].bucket == "demo-project-lake" && google_storage_notification.finalized["processed"].object_name_prefix == "processed/"
    error_message = "Of the lake, processed/ alone is announced."
  }
  assert {
    condition     = toset(google_storage_notification.finalized["processed"].event_types) == toset(["OBJECT_FINALIZE"]) && google_storage_notification.finalized["processed"].payload_format == "JSON_API_V1"
    error_message = "platform/src/cloud-function reads finalized objects, in JSON_API_V1."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.announces["processed"].role == "roles/pubsub.publisher" && google_pubsub_topic_iam_member.announces["processed"].member == "serviceAccount:service-1@gs-project-accounts.iam.gserviceaccount.com"
    error_message = "Cloud Storage may publish to that topic."
  }
}

run "everything_is_under_the_key" {
  command = plan
  variables {
    kms_key_name = "projects/demo-project/locations/us-central1/keyRings/tributary/cryptoKeys/storage"
  }

  assert {
    condition     = alltrue([for bucket in google_storage_bucket.this : bucket.encryption[0].default_kms_key_name == var.kms_key_name])
    error_message = "With a key, no bucket is without it."
  }
}

run "what_cannot_be_is_refused" {
  command = plan
  variables {
    lake_bucket   = "Lake"
    temp_days     = 0.5
    kms_key_name  = "storage"
    notifications = { processed = { bucket = "artifacts", prefix = "processed", topic = "t" } }
  }

  expect_failures = [var.lake_bucket, var.temp_days, var.kms_key_name, var.notifications]
}
