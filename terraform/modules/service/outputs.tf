output "name" {
  description = "Name of the service."
  value       = google_cloud_run_v2_service.this.name
}

output "uri" {
  description = "The service's URL, as Cloud Run chose it."
  value       = google_cloud_run_v2_service.this.uri
}

output "revision" {
  description = "Newest revision that got ready."
  value       = google_cloud_run_v2_service.this.latest_ready_revision
}
