output "name" {
  description = "Name of the job, once it is made, and has run where run_token asks for that."
  value       = google_cloud_run_v2_job.this.name
}
