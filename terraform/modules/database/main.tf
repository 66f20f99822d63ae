# The application's database that change capture follows, for those who have none yet: Cloud SQL for Postgres, reached from its network only.

resource "google_sql_database_instance" "this" {
  #checkov:skip=CKV_GCP_109:log_min_error_statement is panic below, on purpose: a statement that failed has personal values in it
  #checkov:skip=CKV_GCP_111:statements are not logged, for they hold personal values
  #checkov:skip=CKV2_GCP_13:durations are in query insights; in the log they would come with their statements
  #checkov:skip=CKV_GCP_110:pgAudit logs statements, which hold personal values; who connects is logged
  #checkov:skip=CKV_GCP_108:log_hostname looks up a name for each connection; the address is logged
  #checkov:skip=CKV_GCP_6:ssl_mode is ENCRYPTED_ONLY, which the rule does not know beside a private network
  #checkov:skip=CKV_GCP_79:the version is a variable, and 17 is maintained until 2029

  project             = var.project_id
  region              = var.region
  name                = var.name
  database_version    = var.database_version
  encryption_key_name = var.kms_key_name
  deletion_protection = var.deletion_protection

  settings {
    edition                     = "ENTERPRISE"
    tier                        = var.tier
    availability_type           = var.high_availability ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_size                   = var.disk_size_gb
    disk_autoresize             = true
    disk_autoresize_limit       = var.disk_limit_gb
    deletion_protection_enabled = var.deletion_protection
    retain_backups_on_delete    = var.deletion_protection
    user_labels                 = var.labels

    ip_configuration {
      ipv4_enabled    = false
      private_network = var.network_id
      ssl_mode        = "ENCRYPTED_ONLY"
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      start_time                     = var.backups.start_time
      location                       = var.backups.location
      transaction_log_retention_days = var.backups.log_days

      backup_retention_settings {
        retained_backups = var.backups.retained
        retention_unit   = "COUNT"
      }
    }

    # Changes are read by logical replication. https://cloud.google.com/sql/docs/postgres/replication/configure-logical-replication
    database_flags {
      name  = "cloudsql.logical_decoding"
      value = "on"
    }

    # Users of iam_users log in without a password.
    database_flags {
      name  = "cloudsql.iam_authentication"
      value = "on"
    }

    # MB. Without it a bridge that is down fills the disk.
    database_flags {
      name  = "max_slot_wal_keep_size"
      value = tostring(var.max_slot_wal_keep_size_mb)
    }

    # What an operator looks for after an incident.
    database_flags {
      name  = "log_checkpoints"
      value = "on"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }

    database_flags {
      name  = "log_disconnections"
      value = "on"
    }

    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }

    database_flags {
      name  = "log_min_messages"
      value = "warning"
    }

    database_flags {
      name  = "log_temp_files"
      value = "0"
    }

    # The default logs the text of each statement that failed, with its values.
    database_flags {
      name  = "log_min_error_statement"
      value = "panic"
    }

    insights_config {
      query_insights_enabled  = true
      record_application_tags = true
      record_client_address   = false
    }

    maintenance_window {
      day          = 7
      hour         = 4
      update_track = "stable"
    }

    # Length alone: what is made at random (deploy/src/secrets.ts) may lack any kind of character.
    password_validation_policy {
      enable_password_policy      = true
      min_length                  = 24
      disallow_username_substring = true
    }
  }

  lifecycle {
    # The disk grows by itself, and a smaller one would be a new instance.
    ignore_changes = [settings[0].disk_size]

    precondition {
      condition     = var.private_services_connection != ""
      error_message = "private_services_connection must be the network's peering: without it there is no private address."
    }
    precondition {
      condition     = var.disk_limit_gb >= var.disk_size_gb
      error_message = "disk_limit_gb must be at least disk_size_gb."
    }
    precondition {
      # Half a disk of log, and the other half for rows, is where growth still comes in time.
      condition     = var.max_slot_wal_keep_size_mb <= var.disk_limit_gb * 1024 / 2
      error_message = "max_slot_wal_keep_size_mb must be at most half of disk_limit_gb."
    }
  }
}

resource "google_sql_database" "app" {
  project  = var.project_id
  instance = google_sql_database_instance.this.name
  name     = var.database
}

# A member of cloudsqlsuperuser, which may give itself REPLICATION and make the publication (run-services/seeder/migrations).
resource "google_sql_user" "login" {
  project  = var.project_id
  instance = google_sql_database_instance.this.name
  name     = var.user

  # Sent when the user is made or the version changes, and in no state.
  password_wo         = var.password
  password_wo_version = var.password_version

  # A role that owns tables cannot be dropped; the instance goes with it.
  deletion_policy = "ABANDON"
}

resource "google_sql_user" "iam" {
  for_each = var.iam_users

  project  = var.project_id
  instance = google_sql_database_instance.this.name

  # A service account's name lacks its end. https://cloud.google.com/sql/docs/postgres/add-manage-iam-users
  name = trimsuffix(each.key, ".gserviceaccount.com")
  type = endswith(each.key, ".gserviceaccount.com") ? "CLOUD_IAM_SERVICE_ACCOUNT" : "CLOUD_IAM_USER"
}
