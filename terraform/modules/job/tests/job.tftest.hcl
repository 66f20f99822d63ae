mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id      = "tributary-test"
  region          = "us-central1"
  name            = "dbt"
  image           = "us-central1-docker.pkg.dev/tributary-test/tributary/dbt@sha256:1111111111111111111111111111111111111111111111111111111111111111"
  service_account = "tributary-dbt@tributary-test.iam.gserviceaccount.com"
  environment     = { LAKE = "gcs" }
  resources       = { cpu = "2", memory = "2Gi" }
  timeout_seconds = 720
  runners = {
    transform = { role = "projects/tributary-test/roles/tributary.jobRunner", member = "serviceAccount:tributary-transform@tributary-test.iam.gserviceaccount.com" }
  }
}

run "runs_once_and_is_started_again_by_the_chain_alone" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_job.this.template[0].task_count == 1 && google_cloud_run_v2_job.this.template[0].template[0].max_retries == 0
    error_message = "One run is one task, which Cloud Run does not repeat by itself."
  }
  assert {
    condition     = google_cloud_run_v2_job.this.template[0].template[0].timeout == "720s"
    error_message = "An execution ends at its timeout."
  }
  assert {
    condition     = google_cloud_run_v2_job_iam_member.runner["transform"].name == "dbt"
    error_message = "Who runs the job is bound to this job alone."
  }
  assert {
    condition     = google_cloud_run_v2_job.this.run_execution_token == null && google_cloud_run_v2_job.this.launch_stage == "GA"
    error_message = "An apply runs no job that was not asked to run."
  }
}

run "a_token_makes_an_apply_run_it" {
  command = plan
  variables {
    run_token = "t0123456789ab"
    command   = ["python"]
    args      = ["feast/apply.py"]
  }

  assert {
    condition     = google_cloud_run_v2_job.this.run_execution_token == "t0123456789ab" && google_cloud_run_v2_job.this.template[0].template[0].containers[0].args == tolist(["feast/apply.py"])
    error_message = "The apply waits for an execution of what was asked."
  }
}

run "everybody_is_refused" {
  command = plan
  variables {
    runners = { public = { role = "roles/run.invoker", member = "allAuthenticatedUsers" } }
  }
  expect_failures = [var.runners]
}
