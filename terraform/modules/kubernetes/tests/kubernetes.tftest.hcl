mock_provider "google" {}

variables {
  project_id = "tributary-test"
  region     = "us-central1"
  network    = { network = "n", subnetwork = "s", pods = "pods", services = "services" }
  accounts   = { debezium-bridge = "projects/tributary-test/serviceAccounts/tributary-debezium-bridge@tributary-test.iam.gserviceaccount.com" }
  repository = "projects/tributary-test/locations/us-central1/repositories/tributary"
}

run "nobody_reaches_it_unless_named" {
  command = plan

  assert {
    condition     = google_container_cluster.this.private_cluster_config[0].enable_private_nodes && google_container_cluster.this.private_cluster_config[0].enable_private_endpoint
    error_message = "Neither nodes nor control plane have a public door where nobody is named."
  }
  assert {
    condition     = google_container_cluster.this.enable_autopilot && google_container_cluster.this.deletion_protection
    error_message = "Autopilot, and protected unless told otherwise."
  }
}

run "a_pod_acts_as_the_account_of_its_deployable" {
  command = plan

  assert {
    condition     = google_service_account_iam_member.workload["debezium-bridge"].member == "serviceAccount:tributary-test.svc.id.goog[tributary/debezium-bridge]"
    error_message = "Only the Kubernetes service account of its name acts as it."
  }
}

run "the_whole_internet_is_refused" {
  command = plan
  variables {
    authorized_ranges = { everybody = "0.0.0.0/0" }
  }
  expect_failures = [var.authorized_ranges]
}
