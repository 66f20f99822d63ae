output "project_id" {
  description = "The project, once its APIs are enabled: what takes it from here waits for them."
  value       = var.project_id
  depends_on  = [google_project_service.enabled]
}

output "project_number" {
  description = "Number of the project, of which service agents have their names."
  value       = data.google_project.this.number
}

output "service_agents" {
  description = "E-mail address of Google's service agent by service: artifactregistry, bigquery, cloudbuild, cloudfunctions, cloudscheduler, compute, dataflow, eventarc, pubsub, redis, run, secretmanager, sqladmin, storage."
  value       = local.agents
}

output "kms_keys" {
  description = "Full name of the encryption key by what it encrypts (artifactregistry, bigquery, dataflow, pubsub, redis, run, secretmanager, sqladmin, storage), once its service agent may use it; null each without cmek."
  value       = local.key_names
  depends_on  = [google_kms_crypto_key_iam_member.agent]
}
