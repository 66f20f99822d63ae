resource "google_cloudfunctions2_function" "this" {
  project      = var.project_id
  location     = var.region
  name         = var.name
  description  = var.description
  kms_key_name = var.kms_key_name
  labels       = var.labels

  build_config {
    runtime           = var.runtime
    entry_point       = var.name
    service_account   = var.builder
    docker_repository = var.docker_repository

    source {
      storage_source {
        bucket = var.source_package.bucket
        object = var.source_package.object
      }
    }
  }

  service_config {
    service_account_email            = var.service_account
    timeout_seconds                  = var.timeout_seconds
    available_cpu                    = var.resources.cpu
    available_memory                 = var.resources.memory
    min_instance_count               = var.scaling.min
    max_instance_count               = var.scaling.max
    max_instance_request_concurrency = var.scaling.concurrency
    ingress_settings                 = var.ingress == "all" ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true
    environment_variables            = var.environment
    binary_authorization_policy      = var.binary_authorization_policy

    dynamic "secret_environment_variables" {
      for_each = var.secrets

      content {
        key        = secret_environment_variables.key
        project_id = var.project_id
        secret     = secret_environment_variables.value.secret
        version    = secret_environment_variables.value.version
      }
    }

    dynamic "secret_volumes" {
      for_each = var.mounts

      content {
        mount_path = secret_volumes.value.path
        project_id = var.project_id
        secret     = secret_volumes.value.secret

        versions {
          version = secret_volumes.value.version
          path    = secret_volumes.value.file
        }
      }
    }
  }

  dynamic "event_trigger" {
    for_each = var.trigger[*]

    content {
      trigger_region        = var.region
      event_type            = event_trigger.value.event_type
      service_account_email = event_trigger.value.service_account
      retry_policy          = "RETRY_POLICY_RETRY"

      dynamic "event_filters" {
        for_each = event_trigger.value.filters

        content {
          attribute = event_filters.key
          value     = event_filters.value
        }
      }
    }
  }
}

locals {
  trigger_invoker = { for trigger in var.trigger[*] : "trigger" => "serviceAccount:${trigger.service_account}" }
}

# A function of the second generation is a Cloud Run service of its name: who may call it is decided there.
resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = merge(var.invokers, local.trigger_invoker)

  project  = var.project_id
  location = var.region
  name     = google_cloudfunctions2_function.this.name
  role     = "roles/run.invoker"
  member   = each.value
}
