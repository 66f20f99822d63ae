output "cluster" {
  description = "Name and location of the cluster, as gcloud container clusters get-credentials takes them."
  value       = { name = google_container_cluster.this.name, location = google_container_cluster.this.location }
}

output "namespace" {
  description = "Namespace that the charts of terraform/helm are installed in."
  value       = var.namespace
}
