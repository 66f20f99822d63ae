# For those who want the bridge, the feature server or Flink on Kubernetes. Charts of terraform/helm are installed afterwards by helm itself: a provider that is configured
# by a cluster of the same apply fails wherever that cluster is not there yet, and would be asked for by environments that have none.

# Nodes write logs and metrics and pull images, and nothing else; what runs on them acts as accounts of its own.
resource "google_service_account" "nodes" {
  project      = var.project_id
  account_id   = "${var.name}-nodes"
  display_name = "Nodes of ${var.name}"
  description  = "GKE's nodes: logs, metrics, images"
}

resource "google_project_iam_member" "nodes" {
  project = var.project_id
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.nodes.member
}

resource "google_artifact_registry_repository_iam_member" "nodes" {
  project    = var.project_id
  repository = var.repository
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.nodes.member
}

resource "google_container_cluster" "this" {
  #checkov:skip=CKV_GCP_12:Autopilot enforces network policies by Dataplane V2, without this argument
  #checkov:skip=CKV_GCP_13:clusters issue no client certificates unless asked to
  #checkov:skip=CKV_GCP_21:resource_labels is set below from a variable, which the rule does not follow
  #checkov:skip=CKV_GCP_61:Autopilot has intranode visibility on, and the subnetwork has the flow logs
  #checkov:skip=CKV_GCP_65:groups of Google Workspace are an organization's own; rights come from IAM
  #checkov:skip=CKV_GCP_66:a variable turns it on, as for everything else that runs images
  #checkov:skip=CKV_GCP_69:Autopilot has the metadata server always on, and no node pool to say so of

  project             = var.project_id
  location            = var.region
  name                = var.name
  enable_autopilot    = true
  network             = var.network.network
  subnetwork          = var.network.subnetwork
  networking_mode     = "VPC_NATIVE"
  deletion_protection = var.deletion_protection
  resource_labels     = var.labels

  release_channel {
    channel = "REGULAR"
  }

  ip_allocation_policy {
    cluster_secondary_range_name  = var.network.pods
    services_secondary_range_name = var.network.services
  }

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = length(var.authorized_ranges) == 0
    master_ipv4_cidr_block  = var.control_plane_cidr
  }

  master_authorized_networks_config {
    dynamic "cidr_blocks" {
      for_each = var.authorized_ranges

      content {
        display_name = cidr_blocks.key
        cidr_block   = cidr_blocks.value
      }
    }
  }

  cluster_autoscaling {
    auto_provisioning_defaults {
      service_account = google_service_account.nodes.email
      oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    }
  }

  # Mounts secrets as files, as the pod's own account.
  secret_manager_config {
    enabled = true
  }

  binary_authorization {
    evaluation_mode = var.binary_authorization ? "PROJECT_SINGLETON_POLICY_ENFORCE" : "DISABLED"
  }

  depends_on = [google_project_iam_member.nodes, google_artifact_registry_repository_iam_member.nodes]
}

# The pool of identities is there once the cluster is.
resource "google_service_account_iam_member" "workload" {
  for_each = var.accounts

  service_account_id = each.value
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project_id}.svc.id.goog[${var.namespace}/${each.key}]"

  depends_on = [google_container_cluster.this]
}
