mock_provider "google" {}

variables {
  project_id = "demo-project"
  region     = "us-central1"
}

run "a_tag_never_moves_and_a_roll_back_finds_its_image" {
  command = plan

  assert {
    condition     = google_artifact_registry_repository.images.docker_config[0].immutable_tags
    error_message = "A tag that moves names two images."
  }
  assert {
    condition     = one([for policy in google_artifact_registry_repository.images.cleanup_policies : one(policy.most_recent_versions).keep_count if policy.action == "KEEP"]) == 20
    error_message = "The newest versions are kept by a policy, which wins over the one that deletes."
  }
  assert {
    condition     = one([for policy in google_artifact_registry_repository.images.cleanup_policies : one(policy.condition).older_than if policy.action == "DELETE"]) == "7776000s"
    error_message = "Others go after 90 days."
  }
  assert {
    condition     = google_artifact_registry_repository.images.cleanup_policy_dry_run == false
    error_message = "A dry run cleans up nothing."
  }
  assert {
    condition     = google_artifact_registry_repository.images.vulnerability_scanning_config[0].enablement_config == "INHERITED"
    error_message = "Images are scanned."
  }
  assert {
    condition     = output.url == "us-central1-docker.pkg.dev/demo-project/tributary"
    error_message = "Images are <region>-docker.pkg.dev/<project>/tributary/<deployable>."
  }
}

run "a_roll_back_needs_two_versions" {
  command = plan
  variables {
    keep_versions     = 1
    delete_after_days = 0
    repository_id     = "Tributary"
    kms_key_name      = "a key"
  }

  expect_failures = [var.keep_versions, var.delete_after_days, var.repository_id, var.kms_key_name]
}
