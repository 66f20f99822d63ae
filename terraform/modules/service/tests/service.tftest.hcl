mock_provider "google" {}

variables {
  project_id      = "tributary-test"
  region          = "us-central1"
  name            = "feast-server"
  image           = "us-central1-docker.pkg.dev/tributary-test/tributary/feast-server@sha256:1111111111111111111111111111111111111111111111111111111111111111"
  service_account = "tributary-feast-server@tributary-test.iam.gserviceaccount.com"
  environment     = { HOST = "0.0.0.0" }
  secrets         = { REDIS_PASSWORD = { secret = "tributary-redis-auth" } }
  mounts          = [{ secret = "tributary-pii-keys", path = "/secrets/pii-keys", file = "pii-keys.json" }]
  scaling         = { min = 1, max = 4, concurrency = 80 }
  resources       = { cpu = "1", memory = "512Mi", cpu_always = true }
  timeout_seconds = 30
  probes          = { startup = "/healthz", liveness = "/healthz", startup_seconds = 30 }
  invokers        = { push = "serviceAccount:push@tributary-test.iam.gserviceaccount.com" }
  network         = { network = "n", subnetwork = "s" }
}

run "closed_unless_told_otherwise" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.this.ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY" && !google_cloud_run_v2_service.this.invoker_iam_disabled
    error_message = "A service takes requests of this project, by members that are named."
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.invoker["push"].role == "roles/run.invoker"
    error_message = "Who may call is bound to this service alone."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.deletion_protection
    error_message = "A service is protected unless told otherwise."
  }
}

run "runs_as_told" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].scaling[0].min_instance_count == 1 && google_cloud_run_v2_service.this.template[0].scaling[0].max_instance_count == 4 && google_cloud_run_v2_service.this.template[0].max_instance_request_concurrency == 80
    error_message = "Instances and concurrency are those of the table."
  }
  assert {
    condition     = !google_cloud_run_v2_service.this.template[0].containers[0].resources[0].cpu_idle
    error_message = "cpu_always keeps the processor between requests."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].failure_threshold * google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].period_seconds == 30
    error_message = "The start may take startup_seconds."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].vpc_access[0].egress == "PRIVATE_RANGES_ONLY"
    error_message = "Only private addresses are reached by the network."
  }
}

run "secrets_go_by_reference" {
  command = plan

  assert {
    condition     = one([for env in google_cloud_run_v2_service.this.template[0].containers[0].env : env if env.name == "REDIS_PASSWORD"]).value_source[0].secret_key_ref[0].secret == "tributary-redis-auth"
    error_message = "A secret's value is in no configuration."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].volumes[0].secret[0].items[0].path == "pii-keys.json" && google_cloud_run_v2_service.this.template[0].containers[0].volume_mounts[0].mount_path == "/secrets/pii-keys"
    error_message = "A file of secrets is mounted at its path."
  }
}

run "without_the_check_of_cloud_run_nobody_is_granted_anything" {
  command = plan
  variables {
    invoker_check = false
    ingress       = "all"
  }

  assert {
    condition     = google_cloud_run_v2_service.this.invoker_iam_disabled && length(google_cloud_run_v2_service_iam_member.invoker) == 0
    error_message = "Who is let in by the service itself needs no grant, and none is given."
  }
}

run "a_service_that_trusts_signatures_nobody_checked_is_refused" {
  command = plan
  variables {
    invoker_check = false
    environment   = { OIDC_SIGNATURE = "cloud-run" }
  }
  expect_failures = [google_cloud_run_v2_service.this]
}

run "everybody_is_refused" {
  command = plan
  variables {
    invokers = { public = "allUsers" }
  }
  expect_failures = [var.invokers]
}

run "a_tag_is_refused" {
  command = plan
  variables {
    image = "us-central1-docker.pkg.dev/tributary-test/tributary/feast-server:latest"
  }
  expect_failures = [var.image]
}
