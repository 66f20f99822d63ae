mock_provider "google" {}

variables {
  project_id  = "tributary-test"
  region      = "us-central1"
  chain_topic = "projects/tributary-test/topics/tributary.chain"
}

run "sends_the_tick_that_functions_and_filters_know" {
  command = plan

  assert {
    condition     = jsondecode(base64decode(google_cloud_scheduler_job.sweep.pubsub_target[0].data)).type == "sweep.tick"
    error_message = "The data is what platform/src/cloud-function/event.ts takes for a tick."
  }
  assert {
    condition     = google_cloud_scheduler_job.sweep.pubsub_target[0].attributes["ce-type"] == "dev.tributary.sweep.tick.v1"
    error_message = "Without the attribute every filtered subscription drops the tick."
  }
}

run "a_schedule_that_is_none_is_refused" {
  command = plan
  variables {
    schedule = "every 5 minutes"
  }
  expect_failures = [var.schedule]
}
