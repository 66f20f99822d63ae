mock_provider "google" {}

variables {
  project_id                  = "demo-project"
  region                      = "us-central1"
  network_id                  = "projects/demo-project/global/networks/tributary"
  private_services_connection = "projects%2Fdemo-project%2Fglobal%2Fnetworks%2Ftributary:servicenetworking.googleapis.com"
  password                    = "Correct-horse-battery-staple-1"
}

run "changes_can_be_captured_and_cannot_fill_the_disk" {
  command = plan

  assert {
    condition     = { for flag in google_sql_database_instance.this.settings[0].database_flags : flag.name => flag.value }["cloudsql.logical_decoding"] == "on"
    error_message = "Without logical decoding there is no change capture."
  }
  assert {
    condition     = { for flag in google_sql_database_instance.this.settings[0].database_flags : flag.name => flag.value }["max_slot_wal_keep_size"] == "8192"
    error_message = "A slot that nobody reads must not hold back more than 8 GB."
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].disk_autoresize && google_sql_database_instance.this.settings[0].disk_autoresize_limit == 500
    error_message = "The disk grows, up to a limit."
  }
}

run "it_is_reached_from_its_network_only_and_encrypted" {
  command = plan

  assert {
    condition     = google_sql_database_instance.this.settings[0].ip_configuration[0].ipv4_enabled == false && google_sql_database_instance.this.settings[0].ip_configuration[0].private_network == var.network_id
    error_message = "It has no public address."
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY" && length(google_sql_database_instance.this.settings[0].ip_configuration[0].authorized_networks) == 0
    error_message = "Plain connections are refused."
  }
}

run "it_comes_back_to_any_second_of_a_week" {
  command = plan

  assert {
    condition     = google_sql_database_instance.this.settings[0].backup_configuration[0].enabled && google_sql_database_instance.this.settings[0].backup_configuration[0].point_in_time_recovery_enabled && google_sql_database_instance.this.settings[0].backup_configuration[0].transaction_log_retention_days == 7
    error_message = "Backups and seven days of log."
  }
  assert {
    condition     = google_sql_database_instance.this.deletion_protection && google_sql_database_instance.this.settings[0].deletion_protection_enabled && google_sql_database_instance.this.settings[0].retain_backups_on_delete
    error_message = "Neither Terraform nor the API destroys it by default."
  }
}

run "no_statement_with_personal_values_is_logged" {
  command = plan

  assert {
    condition     = { for flag in google_sql_database_instance.this.settings[0].database_flags : flag.name => flag.value }["log_min_error_statement"] == "panic"
    error_message = "By default the text of each failed statement is logged, with its values."
  }
  assert {
    condition     = length([for flag in google_sql_database_instance.this.settings[0].database_flags : flag if contains(["log_statement", "log_min_duration_statement", "log_duration"], flag.name)]) == 0
    error_message = "Statements are not logged."
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].insights_config[0].record_client_address == false
    error_message = "Insights keep no addresses of clients."
  }
}

run "the_password_is_write_only" {
  command = plan

  assert {
    condition     = google_sql_user.login.password == null && google_sql_user.login.password_wo_version == 1
    error_message = "password would be kept in the state; password_wo is sent only."
  }
  assert {
    # 24 random bytes are 32 characters of base64url, which may all be letters.
    condition     = google_sql_database_instance.this.settings[0].password_validation_policy[0].min_length <= 32 && google_sql_database_instance.this.settings[0].password_validation_policy[0].complexity == null
    error_message = "The policy would refuse passwords that npm run deploy makes."
  }
}

run "accounts_log_in_by_iam" {
  command = plan
  variables {
    iam_users = ["tributary-seeder@demo-project.iam.gserviceaccount.com", "ann@example.com"]
  }

  assert {
    condition     = { for user in google_sql_user.iam : user.name => user.type } == { "tributary-seeder@demo-project.iam" = "CLOUD_IAM_SERVICE_ACCOUNT", "ann@example.com" = "CLOUD_IAM_USER" }
    error_message = "Postgres knows a service account by its address without the end."
  }
  assert {
    condition     = alltrue([for user in google_sql_user.iam : user.password == null && user.password_wo == null])
    error_message = "They have no password."
  }
}

run "a_standby_in_another_zone_is_a_variable" {
  command = plan
  variables {
    high_availability = true
    kms_key_name      = "projects/demo-project/locations/us-central1/keyRings/tributary/cryptoKeys/sqladmin"
  }

  assert {
    condition     = google_sql_database_instance.this.settings[0].availability_type == "REGIONAL" && google_sql_database_instance.this.encryption_key_name == var.kms_key_name
    error_message = "REGIONAL, and under the key."
  }
}

run "a_slot_that_could_fill_the_disk_is_refused" {
  command = plan
  variables {
    disk_limit_gb             = 20
    max_slot_wal_keep_size_mb = 16384
  }

  expect_failures = [google_sql_database_instance.this]
}

run "an_instance_without_a_peering_is_refused" {
  command = plan
  variables {
    private_services_connection = ""
  }

  expect_failures = [google_sql_database_instance.this]
}

run "what_cannot_be_is_refused" {
  command = plan
  variables {
    database_version          = "POSTGRES_13"
    disk_size_gb              = 5
    disk_limit_gb             = 5
    max_slot_wal_keep_size_mb = 10
    backups                   = { retained = 0, start_time = "25:00" }
  }

  expect_failures = [var.database_version, var.disk_size_gb, var.disk_limit_gb, var.max_slot_wal_keep_size_mb, var.backups]
}
