mock_provider "google" {}

variables {
  project_id = "tributary-test"
  buckets    = { lake = "tributary-test-lake" }
  datasets   = { ops = "ops" }
  tables     = { "ops.costs" = "projects/tributary-test/datasets/ops/tables/costs" }
  topics     = { chain = "projects/tributary-test/topics/tributary.chain" }
  secrets    = { pii-keys = "projects/tributary-test/secrets/tributary-pii-keys" }
  custom_roles = {
    objectEditor = { title = "Edits objects", permissions = ["storage.objects.create", "storage.objects.delete", "storage.objects.get"] }
  }
  accounts = {
    notify = {
      id          = "tributary-notify"
      description = "Runs functions/notify"
      grants = [
        { role = "custom:objectEditor", on = "bucket:lake", prefixes = ["control/", "quarantine/"] },
        { role = "roles/bigquery.dataViewer", on = "dataset:ops" },
        { role = "roles/bigquery.dataEditor", on = "table:ops.costs" },
        { role = "roles/pubsub.publisher", on = "topic:chain" },
        { role = "roles/pubsub.publisher", on = "topic:chain" },
        { role = "roles/secretmanager.secretAccessor", on = "secret:pii-keys" },
        { role = "roles/bigquery.jobUser", on = "project" },
        { role = "roles/iam.serviceAccountUser", on = "account:pipeline" },
        { role = "custom:objectEditor", on = "job:dbt" },
        { role = "roles/datacatalog.categoryFineGrainedReader", on = "policy-tags" },
      ]
    }
    pipeline = { id = "tributary-pipeline", description = "Runs dataflow-flink" }
  }
}

run "each_role_is_bound_to_the_smallest_thing" {
  command = plan

  assert {
    condition     = google_project_iam_member.this["notify/project/roles/bigquery.jobUser/"].member == "serviceAccount:tributary-notify@tributary-test.iam.gserviceaccount.com"
    error_message = "A role on the project is bound to the account."
  }
  assert {
    condition     = length(google_project_iam_member.this) == 1
    error_message = "Only what says project is bound to the project."
  }
  assert {
    condition     = google_bigquery_table_iam_member.this["notify/table:ops.costs/roles/bigquery.dataEditor/"].table_id == "costs"
    error_message = "A role on a table is bound to the table, not to its dataset."
  }
  assert {
    condition     = google_service_account_iam_member.this["notify/account:pipeline/roles/iam.serviceAccountUser/"].service_account_id == "projects/tributary-test/serviceAccounts/tributary-pipeline@tributary-test.iam.gserviceaccount.com"
    error_message = "An account is acted as alone, never every account of the project."
  }
  assert {
    condition     = length(google_pubsub_topic_iam_member.this) == 1
    error_message = "A role that is said twice is one binding."
  }
  assert {
    condition     = google_secret_manager_secret_iam_member.this["notify/secret:pii-keys/roles/secretmanager.secretAccessor/"].secret_id == "projects/tributary-test/secrets/tributary-pii-keys"
    error_message = "One secret is read, not all."
  }
}

run "prefixes_become_a_condition" {
  command = plan

  assert {
    condition     = google_storage_bucket_iam_member.this["notify/bucket:lake/custom:objectEditor/control/,quarantine/"].condition[0].expression == "resource.name.startsWith(\"projects/_/buckets/tributary-test-lake/objects/control/\") || resource.name.startsWith(\"projects/_/buckets/tributary-test-lake/objects/quarantine/\")"
    error_message = "Objects beside the prefixes are out of reach."
  }
  assert {
    condition     = google_storage_bucket_iam_member.this["notify/bucket:lake/custom:objectEditor/control/,quarantine/"].role == "projects/tributary-test/roles/tributary.objectEditor"
    error_message = "A custom role goes by its full name."
  }
}

run "what_other_modules_bind_is_handed_on" {
  command = plan

  assert {
    condition     = output.job_runners["notify/job:dbt/custom:objectEditor/"].job == "dbt"
    error_message = "Who runs a job is told to the job's module."
  }
  assert {
    condition     = output.fine_grained_readers == toset(["serviceAccount:tributary-notify@tributary-test.iam.gserviceaccount.com"])
    error_message = "Who reads personal columns is told to the warehouse."
  }
}

run "primitive_roles_are_refused" {
  command = plan
  variables {
    accounts = { a = { id = "tributary-a", description = "A", grants = [{ role = "roles/editor", on = "project" }] } }
  }
  expect_failures = [var.accounts]
}

run "acting_as_every_account_is_refused" {
  command = plan
  variables {
    accounts = { a = { id = "tributary-a", description = "A", grants = [{ role = "roles/iam.serviceAccountUser", on = "project" }] } }
  }
  expect_failures = [var.accounts]
}

run "two_that_share_an_account_are_refused" {
  command = plan
  variables {
    accounts = {
      a = { id = "tributary-a", description = "A" }
      b = { id = "tributary-a", description = "B" }
    }
  }
  expect_failures = [var.accounts]
}

run "an_unknown_place_is_refused" {
  command = plan
  variables {
    accounts = { a = { id = "tributary-a", description = "A", grants = [{ role = "roles/storage.objectViewer", on = "buckets" }] } }
  }
  expect_failures = [var.accounts]
}
