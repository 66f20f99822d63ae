mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789" }
  }
  mock_data "google_storage_project_service_account" {
    defaults = { email_address = "service-123456789@gs-project-accounts.iam.gserviceaccount.com" }
  }
  mock_data "google_bigquery_default_service_account" {
    defaults = { email = "bq-123456789@bigquery-encryption.iam.gserviceaccount.com" }
  }
}
mock_provider "google-beta" {}

variables {
  project_id        = "demo-project"
  region            = "us-central1"
  bigquery_location = "US"
}

run "apis_stay_when_terraform_goes" {
  command = apply

  assert {
    condition     = length([for api in google_project_service.enabled : api if api.disable_on_destroy]) == 0
    error_message = "An API that is disabled takes with it what others in the project made."
  }
  assert {
    condition     = alltrue([for agent in keys(google_project_service_identity.agent) : contains(keys(google_project_service.enabled), "${agent}.googleapis.com")])
    error_message = "The service of each agent that is asked for must be enabled."
  }
  assert {
    condition     = contains(keys(output.service_agents), "pubsub") && output.service_agents.pubsub == "service-123456789@gcp-sa-pubsub.iam.gserviceaccount.com"
    error_message = "Agents are named by the project's number."
  }
  assert {
    condition     = output.service_agents.bigquery == "bq-123456789@bigquery-encryption.iam.gserviceaccount.com"
    error_message = "BigQuery encrypts as its own account, which is no service agent's."
  }
}

run "agents_get_the_roles_their_work_needs" {
  command = apply

  assert {
    condition     = google_project_iam_member.storage_publishes.role == "roles/pubsub.publisher" && google_project_iam_member.storage_publishes.member == "serviceAccount:service-123456789@gs-project-accounts.iam.gserviceaccount.com"
    error_message = "Cloud Storage publishes to the topics of Eventarc's triggers."
  }
  assert {
    condition     = google_project_iam_member.eventarc_agent.member == "serviceAccount:service-123456789@gcp-sa-eventarc.iam.gserviceaccount.com"
    error_message = "Eventarc's agent, and nobody else, has its role."
  }
}

run "without_cmek_there_is_no_key" {
  command = plan

  assert {
    condition     = length(google_kms_crypto_key.this) == 0 && length(google_kms_key_ring.this) == 0 && length(google_kms_crypto_key_iam_member.agent) == 0
    error_message = "Keys are made only with cmek."
  }
  assert {
    condition     = length(output.kms_keys) == 9 && alltrue([for key in values(output.kms_keys) : key == null])
    error_message = "Every module may ask for its key, and gets null."
  }
}

# A plan: what prevent_destroy keeps, a test could not take away again.
run "with_cmek_each_key_is_where_its_data_is" {
  command = plan
  variables {
    cmek = true
  }

  assert {
    condition     = toset(keys(google_kms_key_ring.this)) == toset(["us", "us-central1"])
    error_message = "Datasets in US need a key in the multi-region us, all else one in the region."
  }
  assert {
    condition     = alltrue([for key in google_kms_crypto_key.this : key.rotation_period == "7776000s" && key.destroy_scheduled_duration == "2592000s"])
    error_message = "Keys rotate every 90 days, and a destroyed version can be brought back for 30."
  }
  assert {
    condition     = toset([for user in values(google_kms_crypto_key_iam_member.agent) : user.role]) == toset(["roles/cloudkms.cryptoKeyEncrypterDecrypter"])
    error_message = "Agents encrypt and decrypt, and manage nothing."
  }
  assert {
    condition     = toset([for name in keys(google_kms_crypto_key_iam_member.agent) : split(".", name)[0]]) == toset(keys(google_kms_crypto_key.this))
    error_message = "A key that no agent may use fails whatever it should encrypt."
  }
}

run "europe_has_another_name_in_kms" {
  command = plan
  variables {
    cmek              = true
    bigquery_location = "EU"
    region            = "europe-west1"
  }

  assert {
    condition     = toset(keys(google_kms_key_ring.this)) == toset(["europe", "europe-west1"])
    error_message = "The multi-region EU of BigQuery is europe of Cloud KMS."
  }
}

run "one_region_has_one_ring" {
  command = plan
  variables {
    cmek              = true
    bigquery_location = "us-central1"
  }

  assert {
    condition     = toset(keys(google_kms_key_ring.this)) == toset(["us-central1"])
    error_message = "A ring is made once for each location."
  }
}

run "what_cannot_be_is_refused" {
  command = plan
  variables {
    project_id        = "My Project"
    region            = "us-central1-a"
    bigquery_location = "us"
    additional_apis   = ["container"]
  }

  expect_failures = [var.project_id, var.region, var.bigquery_location, var.additional_apis]
}
