locals {
  volumes = { for mount in var.mounts : mount.secret => mount }

  # A process that does not answer for so long is replaced.
  liveness = { period = 15, failures = 4 }
}

resource "google_cloud_run_v2_service" "this" {
  project             = var.project_id
  location            = var.region
  name                = var.name
  description         = var.description
  ingress             = var.ingress == "all" ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_ONLY"
  custom_audiences    = var.audiences
  deletion_protection = var.deletion_protection
  labels              = var.labels
  # No grant to allUsers either way: who is let in here is still asked who they are, by the service.
  invoker_iam_disabled = !var.invoker_check

  template {
    service_account                  = var.service_account
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    timeout                          = "${var.timeout_seconds}s"
    max_instance_request_concurrency = var.scaling.concurrency
    encryption_key                   = var.kms_key_name
    labels                           = var.labels

    scaling {
      min_instance_count = var.scaling.min
      max_instance_count = var.scaling.max
    }

    containers {
      image = var.image

      resources {
        limits            = { cpu = var.resources.cpu, memory = var.resources.memory }
        cpu_idle          = !var.resources.cpu_always
        startup_cpu_boost = true
      }

      ports {
        container_port = 8080
      }

      dynamic "env" {
        for_each = var.environment

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = var.secrets

        content {
          name = env.key

          value_source {
            secret_key_ref {
              secret  = env.value.secret
              version = env.value.version
            }
          }
        }
      }

      dynamic "volume_mounts" {
        for_each = local.volumes

        content {
          name       = basename(volume_mounts.value.path)
          mount_path = volume_mounts.value.path
        }
      }

      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = ceil(var.probes.startup_seconds / 2)

        http_get {
          path = var.probes.startup
        }
      }

      liveness_probe {
        period_seconds    = local.liveness.period
        timeout_seconds   = 5
        failure_threshold = local.liveness.failures

        http_get {
          path = var.probes.liveness
        }
      }
    }

    dynamic "volumes" {
      for_each = local.volumes

      content {
        name = basename(volumes.value.path)

        secret {
          secret = volumes.value.secret
          # Read for the process's user, who is not root.
          default_mode = 292 # 0444

          items {
            version = volumes.value.version
            path    = volumes.value.file
          }
        }
      }
    }

    dynamic "vpc_access" {
      for_each = var.network[*]

      content {
        egress = "PRIVATE_RANGES_ONLY"

        network_interfaces {
          network    = vpc_access.value.network
          subnetwork = vpc_access.value.subnetwork
        }
      }
    }
  }

  dynamic "binary_authorization" {
    for_each = var.binary_authorization ? [true] : []

    content {
      use_default = true
    }
  }

  # Traffic follows the newest revision: `npm run deploy` sends it back to the one before when its smoke test fails.
  traffic {
    type    = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    percent = 100
  }

  lifecycle {
    # gcloud writes its own name and version there whenever it touches the service.
    ignore_changes = [client, client_version]

    precondition {
      # The text that Cloud Run puts in place of a signature can be written by anybody.
      condition     = var.invoker_check || lookup(var.environment, "OIDC_SIGNATURE", "verify") == "verify"
      error_message = "Without invoker_check the service must verify signatures itself: OIDC_SIGNATURE=verify."
    }
  }
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  # Where nobody is asked, a grant would say what is not so.
  for_each = { for name, member in var.invokers : name => member if var.invoker_check }

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.this.name
  role     = "roles/run.invoker"
  member   = each.value
}
