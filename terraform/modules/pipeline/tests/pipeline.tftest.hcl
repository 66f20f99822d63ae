mock_provider "google-beta" {}

variables {
  project_id       = "tributary-test"
  region           = "us-central1"
  template         = "gs://tributary-test-artifacts/flex-templates/pipeline-0123.json"
  service_account  = "tributary-pipeline@tributary-test.iam.gserviceaccount.com"
  subnetwork       = "https://www.googleapis.com/compute/v1/projects/tributary-test/regions/us-central1/subnetworks/tributary"
  temp_location    = "gs://tributary-test-artifacts/temp"
  staging_location = "gs://tributary-test-artifacts/staging"
  parameters = {
    source                 = "pubsub"
    lake                   = "gs://tributary-test-lake"
    piiKeysFile            = "gs://tributary-test-keys/pii-keys.json"
    changesSubscription    = "projects/tributary-test/subscriptions/tributary.changes.pipeline"
    deadLetterSubscription = "projects/tributary-test/subscriptions/tributary.dead-letter.pipeline"
    featuresTopic          = "projects/tributary-test/topics/tributary.features"
  }
}

run "workers_have_private_addresses_and_an_account_of_their_own" {
  command = plan

  assert {
    condition     = google_dataflow_flex_template_job.stream.ip_configuration == "WORKER_IP_PRIVATE"
    error_message = "No worker has a public address."
  }
  assert {
    condition     = google_dataflow_flex_template_job.stream.service_account_email == "tributary-pipeline@tributary-test.iam.gserviceaccount.com"
    error_message = "Workers run as their own account."
  }
  assert {
    condition     = google_dataflow_flex_template_job.stream.enable_streaming_engine && google_dataflow_flex_template_job.stream.on_delete == "drain"
    error_message = "The service keeps the state, and a job that goes is drained."
  }
}

run "a_stream_without_its_subscriptions_is_refused" {
  command = plan
  variables {
    parameters = { source = "pubsub", lake = "gs://l", piiKeysFile = "gs://k/p.json" }
  }
  expect_failures = [var.parameters]
}
