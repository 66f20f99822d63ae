mock_provider "google" {}

variables {
  project_id        = "tributary-test"
  region            = "us-central1"
  name              = "ingest-landing"
  source_package    = { bucket = "tributary-test-artifacts", object = "functions/ingest-landing-0123.zip" }
  builder           = "projects/tributary-test/serviceAccounts/tributary-builder@tributary-test.iam.gserviceaccount.com"
  docker_repository = "projects/tributary-test/locations/us-central1/repositories/tributary"
  service_account   = "tributary-ingest-landing@tributary-test.iam.gserviceaccount.com"
  environment       = { HOST = "0.0.0.0" }
  mounts            = [{ secret = "tributary-pii-keys", path = "/secrets/pii-keys", file = "pii-keys.json" }]
  scaling           = { min = 0, max = 5, concurrency = 8 }
  resources         = { cpu = "1", memory = "2Gi" }
  timeout_seconds   = 540
  invokers          = { "push chain" = "serviceAccount:push-ingest-landing-chain@tributary-test.iam.gserviceaccount.com" }
  trigger = {
    event_type      = "google.cloud.storage.object.v1.finalized"
    filters         = { bucket = "tributary-test-landing" }
    service_account = "push-ingest-landing-objects@tributary-test.iam.gserviceaccount.com"
  }
}

run "events_come_by_accounts_of_their_own_and_come_again" {
  command = plan

  assert {
    condition     = google_cloudfunctions2_function.this.event_trigger[0].service_account_email == "push-ingest-landing-objects@tributary-test.iam.gserviceaccount.com"
    error_message = "The trigger calls as its own account."
  }
  assert {
    condition     = google_cloudfunctions2_function.this.event_trigger[0].retry_policy == "RETRY_POLICY_RETRY"
    error_message = "An event that failed is delivered again."
  }
  assert {
    condition = toset([for invoker in google_cloud_run_v2_service_iam_member.invoker : invoker.member]) == toset([
      "serviceAccount:push-ingest-landing-chain@tributary-test.iam.gserviceaccount.com",
      "serviceAccount:push-ingest-landing-objects@tributary-test.iam.gserviceaccount.com",
    ])
    error_message = "Those that deliver are let in, and nobody else."
  }
}

run "runs_and_is_built_as_accounts_of_their_own" {
  command = plan

  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].service_account_email != google_cloudfunctions2_function.this.event_trigger[0].service_account_email
    error_message = "Who delivers is not who runs."
  }
  assert {
    condition     = endswith(google_cloudfunctions2_function.this.build_config[0].service_account, "tributary-builder@tributary-test.iam.gserviceaccount.com")
    error_message = "The default account of Compute Engine builds nothing."
  }
  assert {
    condition     = google_cloudfunctions2_function.this.build_config[0].entry_point == "ingest-landing"
    error_message = "The target is what the code registers: its name."
  }
  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "A function takes requests of this project only, unless told otherwise."
  }
  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].secret_volumes[0].mount_path == "/secrets/pii-keys"
    error_message = "A file of secrets is mounted at its path."
  }
}

run "a_node_that_runs_no_typescript_is_refused" {
  command = plan
  variables {
    runtime = "nodejs20"
  }
  expect_failures = [var.runtime]
}
