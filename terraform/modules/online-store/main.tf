# The online store: one Memorystore for Redis instance, or a cluster of shards. Either holds what the marts hold, so that it can be filled again; snapshots only
# make that quicker.

locals {
  address = var.cluster ? (
    "${google_redis_cluster.this[0].discovery_endpoints[0].address}:${google_redis_cluster.this[0].discovery_endpoints[0].port}"
    ) : (
    "${google_redis_instance.this[0].host}:${google_redis_instance.this[0].port}"
  )

  id = var.cluster ? google_redis_cluster.this[0].id : google_redis_instance.this[0].id

  authorities = var.cluster ? (
    flatten(google_redis_cluster.this[0].managed_server_ca[*].ca_certs[*].certificates)
    ) : (
    google_redis_instance.this[0].server_ca_certs[*].cert
  )

  # A store of record refuses writes when it is full; it does not quietly forget what was materialized.
  redis_configs = { maxmemory-policy = "noeviction" }
}

resource "google_redis_instance" "this" {
  count = var.cluster ? 0 : 1

  project        = var.project_id
  region         = var.region
  name           = var.name
  display_name   = "Tributary's online store"
  tier           = var.high_availability ? "STANDARD_HA" : "BASIC"
  memory_size_gb = var.memory_gb
  redis_version  = var.redis_version
  redis_configs  = local.redis_configs
  labels         = var.labels

  authorized_network   = var.network_id
  connect_mode         = "PRIVATE_SERVICE_ACCESS"
  customer_managed_key = var.kms_key_name

  auth_enabled            = true
  transit_encryption_mode = "SERVER_AUTHENTICATION"

  persistence_config {
    persistence_mode    = "RDB"
    rdb_snapshot_period = var.snapshot_period
  }

  maintenance_policy {
    weekly_maintenance_window {
      day = "SUNDAY"

      start_time {
        hours   = 4
        minutes = 0
        seconds = 0
        nanos   = 0
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.private_services_connection != ""
      error_message = "private_services_connection must be the network's peering: without it there is no private address."
    }
  }
}

# A cluster's endpoints are made in the subnet by this policy. https://cloud.google.com/memorystore/docs/cluster/networking
resource "google_network_connectivity_service_connection_policy" "cluster" {
  count = var.cluster ? 1 : 0

  project       = var.project_id
  location      = var.region
  name          = "${var.name}-redis-cluster"
  service_class = "gcp-memorystore-redis"
  network       = var.network_id
  labels        = var.labels

  psc_config {
    subnetworks = [var.subnetwork_id]
  }
}

resource "google_redis_cluster" "this" {
  count = var.cluster ? 1 : 0

  project       = var.project_id
  region        = var.region
  name          = var.name
  shard_count   = var.shards
  replica_count = var.high_availability ? 1 : 0
  node_type     = var.node_type
  redis_configs = local.redis_configs
  kms_key       = var.kms_key_name

  # There is no AUTH string of a cluster, only tokens of IAM that clients renew each hour, which ours do not: its network is its door.
  authorization_mode          = "AUTH_MODE_DISABLED"
  transit_encryption_mode     = "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION"
  deletion_protection_enabled = var.deletion_protection

  psc_configs {
    network = var.network_id
  }

  persistence_config {
    mode = "RDB"

    rdb_config {
      rdb_snapshot_period = var.snapshot_period
    }
  }

  zone_distribution_config {
    mode = "MULTI_ZONE"
  }

  depends_on = [google_network_connectivity_service_connection_policy.cluster]
}

# Google makes the string, and it is in the state as the instance's attribute whatever is done here; this copy is how Cloud Run gets it.
resource "google_secret_manager_secret_version" "auth" {
  count = var.cluster ? 0 : 1

  secret      = var.auth_secret_id
  secret_data = google_redis_instance.this[0].auth_string

  # Instances that run go on with the one they started with.
  deletion_policy = "ABANDON"

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_version" "authorities" {
  secret      = var.ca_secret_id
  secret_data = join("\n", local.authorities)

  deletion_policy = "ABANDON"

  lifecycle {
    create_before_destroy = true
  }
}
