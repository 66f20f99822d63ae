output "name" {
  description = "Name of the streaming job."
  value       = google_dataflow_flex_template_job.stream.name
}

output "job_id" {
  description = "Dataflow's id of the streaming job."
  value       = google_dataflow_flex_template_job.stream.job_id
}
