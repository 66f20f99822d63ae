mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_data "google_storage_project_service_account" {
    defaults = { email_address = "service-123456789012@gs-project-accounts.iam.gserviceaccount.com" }
  }
  mock_data "google_bigquery_default_service_account" {
    defaults = { email = "bq-123456789012@bigquery-encryption.iam.gserviceaccount.com" }
  }
}
mock_provider "google-beta" {}

variables {
  project_id    = "tributary-test"
  environment   = "test"
  region        = "us-central1"
  flex_template = "gs://tributary-test-artifacts/flex-templates/pipeline-0123.json"
  images = { for name in ["debezium-bridge", "feast-server", "seeder", "warehouse-api", "replay", "erase", "dbt", "great-expectations", "feast", "pipeline"] :
  name => "us-central1-docker.pkg.dev/tributary-test/tributary/${name}@sha256:1111111111111111111111111111111111111111111111111111111111111111" }
  function_sources = { for name in ["ingest-landing", "load-warehouse", "transform", "validate", "materialize", "observe", "notify"] :
  name => { bucket = "tributary-test-artifacts", object = "functions/${name}-0123.zip" } }
}

# A run of the whole composition takes long, so that each asserts much.
run "each_deployable_of_the_table_is_there_with_its_own_account_environment_and_address" {
  command = apply

  assert {
    condition     = setunion(keys(module.service), keys(module.job), keys(module.function), ["pipeline"]) == toset(keys(yamldecode(file("../../deployables.yaml")).deployables))
    error_message = "What the table says is made, and nothing else."
  }
  assert {
    condition     = length(distinct([for name in keys(yamldecode(file("../../deployables.yaml")).deployables) : output.service_accounts[name]])) == length(yamldecode(file("../../deployables.yaml")).deployables)
    error_message = "No two deployables share an account."
  }
  assert {
    condition = alltrue(flatten([
      for name, deployable in yamldecode(file("../../deployables.yaml")).deployables : [
        for trigger in concat(keys(try(deployable.push, {})), keys(try(deployable.eventarc, {}))) : contains(keys(output.service_accounts), "push-${name}-${trigger}")
      ]
    ]))
    error_message = "What delivers events has an account of its own, by delivery."
  }

  assert {
    condition     = alltrue([for name, deployable in local.deployables : local.environment[name].PROJECT_ID == "tributary-test" && local.environment[name].LAKE_BUCKET == "tributary-test-lake" if contains(try(deployable.config, []), "lake")])
    error_message = "Whoever uses the lake is told where it is."
  }
  assert {
    condition     = alltrue([for name, deployable in local.deployables : contains(keys(local.secrets[name]), "PGPASSWORD") if contains(try(deployable.config, []), "postgres")])
    error_message = "Whoever uses the database gets its password, by reference."
  }
  assert {
    condition     = !contains(keys(local.environment["dbt"]), "OPENLINEAGE_URL") && !contains(keys(local.secrets["notify"]), "SLACK_WEBHOOK_URL") && !contains(keys(local.environment["load-warehouse"]), "DAILY_BYTES_BUDGET")
    error_message = "What nobody decided is left out, not empty."
  }
  assert {
    condition     = local.environment["transform"].OIDC_CALLERS == "push-transform-chain@tributary-test.iam.gserviceaccount.com"
    error_message = "A function takes events of its own deliveries alone."
  }
  assert {
    condition     = local.environment["load-warehouse"].MAX_BYTES_BILLED == "10737418240"
    error_message = "A number is written out, without an exponent."
  }

  assert {
    condition     = output.urls["transform"] == "https://transform-123456789012.us-central1.run.app"
    error_message = "Subscriptions push to the address that Cloud Run gives by rule."
  }
  assert {
    condition     = local.environment["transform"].OIDC_AUDIENCE == "https://transform-123456789012.us-central1.run.app"
    error_message = "Tokens are made out to that address."
  }
  assert {
    condition     = local.environment["ingest-landing"].OIDC_AUDIENCE == "https://ingest-landing-123456789012.us-central1.run.app,https://ingest-landing-*.a.run.app"
    error_message = "Where Eventarc delivers, tokens may be made out to the address that Google chose, too."
  }
  assert {
    condition     = output.health_checks["feast-server"] == "https://feast-server-123456789012.us-central1.run.app/health"
    error_message = "A smoke test is told what to ask."
  }
}

run "variables_change_channels_scaling_and_what_runs_where" {
  command = plan
  variables {
    notify_channels = ["slack"]
    scaling         = { feast-server = { min = 2, max = 40 } }
    without         = ["seeder"]
    kubernetes      = { deployables = ["debezium-bridge"] }
  }

  assert {
    condition     = contains(keys(local.secrets["notify"]), "SLACK_WEBHOOK_URL") && !contains(keys(local.secrets["notify"]), "TELEGRAM_BOT_TOKEN")
    error_message = "Only channels that are in use have their secret."
  }
  assert {
    condition     = length([for grant in local.grants["notify"] : grant if grant.on == "secret:slack-webhook-url"]) == 1 && length([for grant in local.grants["notify"] : grant if grant.on == "secret:telegram-bot-token"]) == 0
    error_message = "Only channels that are in use are read."
  }
  assert {
    condition     = local.scaling["feast-server"].min == 2 && local.scaling["feast-server"].max == 40 && local.scaling["feast-server"].concurrency == 80
    error_message = "What an environment leaves open is the table's."
  }
  assert {
    condition     = local.scaling["debezium-bridge"].min == 1 && local.scaling["debezium-bridge"].max == 1
    error_message = "A replication slot has one reader, always."
  }
  assert {
    condition     = !contains(keys(module.service), "seeder") && !contains(keys(output.service_accounts), "seeder")
    error_message = "What an environment goes without has no account there either."
  }
  assert {
    condition     = !contains(keys(module.service), "debezium-bridge") && contains(keys(output.service_accounts), "debezium-bridge")
    error_message = "A replication slot has one reader: on Cloud Run or on Kubernetes, as the same account."
  }
}

run "what_is_not_optional_cannot_be_left_out" {
  command = plan
  variables {
    without = ["notify"]
  }
  expect_failures = [check.without]
}
