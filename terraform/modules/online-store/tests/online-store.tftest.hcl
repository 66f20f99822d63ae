mock_provider "google" {
  mock_resource "google_redis_instance" {
    defaults = {
      host            = "10.1.2.3"
      port            = 6378
      auth_string     = "made-by-google"
      server_ca_certs = [{ cert = "-----BEGIN CERTIFICATE----- one" }, { cert = "-----BEGIN CERTIFICATE----- two" }]
    }
  }
  mock_resource "google_redis_cluster" {
    defaults = {
      discovery_endpoints = [{ address = "10.1.2.4", port = 6379 }]
      managed_server_ca   = [{ ca_certs = [{ certificates = ["-----BEGIN CERTIFICATE----- three"] }] }]
    }
  }
}

variables {
  project_id                  = "demo-project"
  region                      = "us-central1"
  network_id                  = "projects/demo-project/global/networks/tributary"
  subnetwork_id               = "projects/demo-project/regions/us-central1/subnetworks/tributary"
  private_services_connection = "a-peering"
  auth_secret_id              = "projects/demo-project/secrets/tributary-redis-auth"
  ca_secret_id                = "projects/demo-project/secrets/tributary-redis-ca"
}

run "an_instance_asks_for_its_password_over_tls_and_forgets_nothing" {
  command = apply

  assert {
    condition     = google_redis_instance.this[0].auth_enabled && google_redis_instance.this[0].transit_encryption_mode == "SERVER_AUTHENTICATION"
    error_message = "AUTH and TLS, both."
  }
  assert {
    condition     = google_redis_instance.this[0].redis_configs["maxmemory-policy"] == "noeviction"
    error_message = "A full store refuses; one that evicts serves nulls for what was materialized."
  }
  assert {
    condition     = google_redis_instance.this[0].persistence_config[0].persistence_mode == "RDB" && google_redis_instance.this[0].persistence_config[0].rdb_snapshot_period == "TWELVE_HOURS"
    error_message = "Snapshots are made."
  }
  assert {
    condition     = google_redis_instance.this[0].tier == "BASIC" && google_redis_instance.this[0].connect_mode == "PRIVATE_SERVICE_ACCESS"
    error_message = "One node, in the network, by default."
  }
  assert {
    condition     = output.address == "10.1.2.3:6378" && output.password_required && !output.cluster
    error_message = "Clients are told where and how."
  }
  assert {
    condition     = google_secret_manager_secret_version.auth[0].secret_data == "made-by-google" && google_secret_manager_secret_version.auth[0].secret == var.auth_secret_id
    error_message = "The AUTH string is in its secret."
  }
  assert {
    condition     = google_secret_manager_secret_version.authorities.secret_data == "-----BEGIN CERTIFICATE----- one\n-----BEGIN CERTIFICATE----- two"
    error_message = "All authorities are in theirs: while one is replaced, both are in force."
  }
}

run "a_replica_is_a_variable" {
  command = plan
  variables {
    high_availability = true
    kms_key_name      = "projects/demo-project/locations/us-central1/keyRings/tributary/cryptoKeys/redis"
  }

  assert {
    condition     = google_redis_instance.this[0].tier == "STANDARD_HA" && google_redis_instance.this[0].customer_managed_key == var.kms_key_name
    error_message = "STANDARD_HA, and under the key."
  }
}

run "a_cluster_is_a_variable" {
  command = apply
  variables {
    cluster             = true
    high_availability   = true
    deletion_protection = true
  }

  assert {
    condition     = length(google_redis_instance.this) == 0 && google_redis_cluster.this[0].replica_count == 1 && google_redis_cluster.this[0].shard_count == 3
    error_message = "Three shards with a replica each, and no instance."
  }
  assert {
    condition     = google_redis_cluster.this[0].transit_encryption_mode == "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION" && google_redis_cluster.this[0].redis_configs["maxmemory-policy"] == "noeviction" && google_redis_cluster.this[0].deletion_protection_enabled
    error_message = "TLS, nothing is evicted, and it is protected."
  }
  assert {
    condition     = google_network_connectivity_service_connection_policy.cluster[0].service_class == "gcp-memorystore-redis" && google_network_connectivity_service_connection_policy.cluster[0].psc_config[0].subnetworks == tolist([var.subnetwork_id])
    error_message = "Its endpoints are made in the subnet."
  }
  assert {
    condition     = output.address == "10.1.2.4:6379" && !output.password_required && length(google_secret_manager_secret_version.auth) == 0
    error_message = "A cluster has no AUTH string."
  }
  assert {
    condition     = google_secret_manager_secret_version.authorities.secret_data == "-----BEGIN CERTIFICATE----- three"
    error_message = "Its authorities are in their secret."
  }
}

run "an_instance_without_a_peering_is_refused" {
  command = plan
  variables {
    private_services_connection = ""
  }

  expect_failures = [google_redis_instance.this]
}

run "what_cannot_be_is_refused" {
  command = plan
  variables {
    memory_gb       = 0
    redis_version   = "REDIS_5_0"
    shards          = 0
    node_type       = "LARGE"
    snapshot_period = "DAILY"
  }

  expect_failures = [var.memory_gb, var.redis_version, var.shards, var.node_type, var.snapshot_period]
}
