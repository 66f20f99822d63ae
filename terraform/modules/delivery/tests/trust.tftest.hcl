mock_provider "google" {}

variables {
  project_id          = "demo-project"
  environment         = "prod"
  repository          = "acme/tributary"
  repository_owner_id = "12345"
  people              = ["user:ada@example.com"]
  accounts = {
    dbt   = "projects/demo-project/serviceAccounts/tributary-dbt@demo-project.iam.gserviceaccount.com"
    feast = "projects/demo-project/serviceAccounts/tributary-feast@demo-project.iam.gserviceaccount.com"
  }
  smoke_account = "projects/demo-project/serviceAccounts/tributary-smoke@demo-project.iam.gserviceaccount.com"
  secrets       = { postgres-password = "projects/demo-project/secrets/tributary-postgres-password" }
}

run "only_this_repository_comes_in" {
  command = plan

  assert {
    condition     = google_iam_workload_identity_pool_provider.github.attribute_condition == "assertion.repository == 'acme/tributary' && assertion.repository_owner_id == '12345'"
    error_message = "The provider lets in one repository, by its name and its owner's number."
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.github.oidc[0].issuer_uri == "https://token.actions.githubusercontent.com"
    error_message = "Tokens are GitHub's."
  }
  assert {
    condition     = local.subject == "repo:acme/tributary:environment:prod"
    error_message = "Only jobs of the GitHub environment deploy to it."
  }
}

run "the_deployer_has_no_primitive_role_and_acts_as_no_account_but_ours" {
  command = plan

  assert {
    condition     = length(setintersection(keys(local.roles), ["roles/owner", "roles/editor", "roles/viewer", "roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator"])) == 0
    error_message = "Each role is for one service; none is for all of them, and none acts as every account."
  }
  assert {
    condition     = alltrue([for why in values(local.roles) : length(why) > 3])
    error_message = "Each role says what needs it."
  }
  assert {
    condition     = toset(keys(google_service_account_iam_member.acts_as)) == toset(["dbt", "feast"])
    error_message = "It acts as each account that is deployed under."
  }
  assert {
    condition     = toset(keys(google_service_account_iam_member.smoke_tokens)) == toset(["deployer", "user:ada@example.com"])
    error_message = "ID tokens of the smoke account are for who deploys."
  }
}

run "a_name_without_its_owner_is_refused" {
  command = plan
  variables {
    repository = "tributary"
  }
  expect_failures = [var.repository]
}
