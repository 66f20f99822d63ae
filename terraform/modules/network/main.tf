# One network, with a subnet in one region. Everything in it has private addresses only; Google's APIs are reached by Private Google Access.

locals {
  # Dataflow gives it to its workers by itself. https://cloud.google.com/dataflow/docs/guides/routes-firewall
  dataflow_tag = "dataflow"

  pods_range     = "${var.name}-pods"
  services_range = "${var.name}-services"

  secondary_ranges = var.kubernetes_ranges == null ? {} : {
    (local.pods_range)     = var.kubernetes_ranges.pods
    (local.services_range) = var.kubernetes_ranges.services
  }
}

resource "google_compute_network" "this" {
  project                 = var.project_id
  name                    = var.name
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "this" {
  project       = var.project_id
  name          = "${var.name}-${var.region}"
  region        = var.region
  network       = google_compute_network.this.id
  ip_cidr_range = var.subnet_cidr
  stack_type    = "IPV4_ONLY"

  private_ip_google_access = true

  dynamic "secondary_ip_range" {
    for_each = local.secondary_ranges

    content {
      range_name    = secondary_ip_range.key
      ip_cidr_range = secondary_ip_range.value
    }
  }

  dynamic "log_config" {
    for_each = var.flow_log_sampling > 0 ? [var.flow_log_sampling] : []

    content {
      aggregation_interval = "INTERVAL_10_MIN"
      flow_sampling        = log_config.value
      metadata             = "INCLUDE_ALL_METADATA"
    }
  }
}

# Workers of a Dataflow job shuffle among themselves; a network lets nothing in by itself.
resource "google_compute_firewall" "dataflow_workers" {
  project     = var.project_id
  name        = "${var.name}-dataflow-workers"
  network     = google_compute_network.this.id
  description = "Dataflow workers speak to each other"
  direction   = "INGRESS"
  source_tags = [local.dataflow_tag]
  target_tags = [local.dataflow_tag]

  # https://cloud.google.com/dataflow/docs/guides/routes-firewall#firewall_rules
  allow {
    protocol = "tcp"
    ports    = ["12345-12346"]
  }

  log_config {
    metadata = "EXCLUDE_ALL_METADATA"
  }
}

resource "google_compute_global_address" "services" {
  project       = var.project_id
  name          = "${var.name}-services"
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = var.services_prefix_length
  labels        = var.labels
}

resource "google_service_networking_connection" "this" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services.name]
}

resource "google_vpc_access_connector" "this" {
  count = var.connector_cidr == null ? 0 : 1

  project       = var.project_id
  region        = var.region
  name          = substr(var.name, 0, 25)
  network       = google_compute_network.this.name
  ip_cidr_range = var.connector_cidr
  machine_type  = "e2-micro"
  min_instances = 2
  max_instances = 3
}

resource "google_compute_router" "this" {
  count = var.nat ? 1 : 0

  project = var.project_id
  region  = var.region
  name    = "${var.name}-${var.region}"
  network = google_compute_network.this.id
}

resource "google_compute_router_nat" "this" {
  count = var.nat ? 1 : 0

  project = var.project_id
  region  = var.region
  router  = google_compute_router.this[0].name
  name    = "${var.name}-${var.region}"

  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.this.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}
