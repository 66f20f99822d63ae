locals {
  volumes = { for mount in var.mounts : mount.secret => mount }
}

resource "google_cloud_run_v2_job" "this" {
  provider = google-beta

  project             = var.project_id
  location            = var.region
  name                = var.name
  deletion_protection = var.deletion_protection
  labels              = var.labels
  run_execution_token = var.run_token
  # run_execution_token is a feature of beta.
  launch_stage = var.run_token == null ? "GA" : "BETA"

  template {
    # What is one run is one task: none of ours is cut into parts by Cloud Run.
    task_count  = 1
    parallelism = 1
    labels      = var.labels

    template {
      service_account       = var.service_account
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      timeout               = "${var.timeout_seconds}s"
      max_retries           = var.max_retries
      encryption_key        = var.kms_key_name

      containers {
        image   = var.image
        command = var.command
        args    = var.args

        resources {
          limits = { cpu = var.resources.cpu, memory = var.resources.memory }
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
  }

  dynamic "binary_authorization" {
    for_each = var.binary_authorization ? [true] : []

    content {
      use_default = true
    }
  }

  lifecycle {
    # gcloud writes its own name and version there whenever it touches the job.
    ignore_changes = [client, client_version]
  }
}

resource "google_cloud_run_v2_job_iam_member" "runner" {
  for_each = var.runners

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_job.this.name
  role     = each.value.role
  member   = each.value.member
}
