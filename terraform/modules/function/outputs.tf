output "name" {
  description = "Name of the function, and of its Cloud Run service."
  value       = google_cloudfunctions2_function.this.name
}

output "uri" {
  description = "URL of its Cloud Run service, as Cloud Run chose it."
  value       = google_cloudfunctions2_function.this.service_config[0].uri
}
