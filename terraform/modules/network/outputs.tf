output "network_id" {
  description = "Id of the network (projects/…/global/networks/…)."
  value       = google_compute_network.this.id
}

output "network_name" {
  description = "Name of the network."
  value       = google_compute_network.this.name
}

output "subnetwork_id" {
  description = "Id of the subnet (projects/…/regions/…/subnetworks/…)."
  value       = google_compute_subnetwork.this.id
}

output "subnetwork_name" {
  description = "Name of the subnet, as direct VPC egress of Cloud Run takes it."
  value       = google_compute_subnetwork.this.name
}

output "subnetwork_self_link" {
  description = "URL of the subnet, as Dataflow takes it."
  value       = google_compute_subnetwork.this.self_link
}

output "private_services_connection" {
  description = "Id of the peering that Cloud SQL and Memorystore are reached by; pass it to their modules so that they wait for it."
  value       = google_service_networking_connection.this.id
}

output "connector_id" {
  description = "Id of the Serverless VPC Access connector; null where connector_cidr is."
  value       = one(google_vpc_access_connector.this[*].id)
}

output "dataflow_network_tag" {
  description = "Network tag of Dataflow's workers (Dataflow sets it itself), which the firewall lets speak to each other."
  value       = local.dataflow_tag
}

output "kubernetes_range_names" {
  description = "Names of the secondary ranges: {pods, services}; null where kubernetes_ranges is."
  value       = var.kubernetes_ranges == null ? null : { pods = local.pods_range, services = local.services_range }
}
