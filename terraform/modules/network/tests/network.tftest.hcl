mock_provider "google" {}

variables {
  project_id = "demo-project"
  region     = "us-central1"
}

run "nothing_has_a_way_in_or_out_by_default" {
  command = plan

  assert {
    condition     = google_compute_network.this.auto_create_subnetworks == false
    error_message = "Subnets are made on purpose."
  }
  assert {
    condition     = google_compute_subnetwork.this.private_ip_google_access
    error_message = "Dataflow workers without public addresses reach Google's APIs by it alone."
  }
  assert {
    condition     = length(google_compute_router_nat.this) == 0 && length(google_compute_router.this) == 0 && length(google_vpc_access_connector.this) == 0
    error_message = "NAT and connector are made where they are asked for."
  }
  assert {
    condition     = google_compute_firewall.dataflow_workers.source_ranges == null && toset(google_compute_firewall.dataflow_workers.source_tags) == toset(["dataflow"]) && toset(google_compute_firewall.dataflow_workers.target_tags) == toset(["dataflow"])
    error_message = "Workers take from workers only; a range would let in the whole network."
  }
  assert {
    condition     = toset(flatten([for rule in google_compute_firewall.dataflow_workers.allow : rule.ports])) == toset(["12345-12346"])
    error_message = "The two ports of the shuffle, and no others."
  }
  assert {
    condition     = google_compute_subnetwork.this.log_config[0].flow_sampling == 0.1
    error_message = "Flows are logged, a tenth of them."
  }
  assert {
    condition     = google_compute_global_address.services.purpose == "VPC_PEERING" && google_service_networking_connection.this.reserved_peering_ranges[0] == google_compute_global_address.services.name
    error_message = "Cloud SQL and Memorystore take their addresses from the reserved range."
  }
}

run "what_is_asked_for_is_made" {
  command = plan
  variables {
    nat               = true
    connector_cidr    = "10.8.0.0/28"
    flow_log_sampling = 0
    kubernetes_ranges = { pods = "10.20.0.0/16", services = "10.21.0.0/20" }
  }

  assert {
    condition     = google_compute_router_nat.this[0].source_subnetwork_ip_ranges_to_nat == "LIST_OF_SUBNETWORKS" && length(google_compute_router_nat.this[0].subnetwork) == 1
    error_message = "NAT is for this subnet alone."
  }
  assert {
    condition     = length(google_compute_subnetwork.this.log_config) == 0
    error_message = "A sampling of 0 keeps no flow logs."
  }
  assert {
    condition     = { for range in google_compute_subnetwork.this.secondary_ip_range : range.range_name => range.ip_cidr_range } == { (output.kubernetes_range_names.pods) = "10.20.0.0/16", (output.kubernetes_range_names.services) = "10.21.0.0/20" }
    error_message = "The cluster finds its ranges by the names that are given out."
  }
  assert {
    condition     = google_vpc_access_connector.this[0].ip_cidr_range == "10.8.0.0/28"
    error_message = "The connector has the range that was asked for."
  }
}

run "ranges_that_are_too_small_are_refused" {
  command = plan
  variables {
    subnet_cidr            = "10.10.0.0/27"
    connector_cidr         = "10.8.0.0/24"
    services_prefix_length = 28
    kubernetes_ranges      = { pods = "10.20.0.0/16", services = "many" }
  }

  expect_failures = [var.subnet_cidr, var.connector_cidr, var.services_prefix_length, var.kubernetes_ranges]
}
