output "buckets" {
  description = "Name of each bucket by what it is for: lake, landing, artifacts, keys."
  value       = { for role, bucket in google_storage_bucket.this : role => bucket.name }
}

output "lake_bucket" {
  description = "Name of the lake (LAKE_BUCKET)."
  value       = google_storage_bucket.this["lake"].name
}

output "landing_bucket" {
  description = "Name of the landing bucket (LANDING_BUCKET)."
  value       = google_storage_bucket.this["landing"].name
}

output "artifacts_bucket" {
  description = "Name of the artifacts bucket."
  value       = google_storage_bucket.this["artifacts"].name
}

output "keys_bucket" {
  description = "Name of the bucket of PII keys."
  value       = google_storage_bucket.this["keys"].name
}

output "pii_keys_uri" {
  description = "Where Dataflow's workers read the PII keys (PIPELINE_PII_KEYS_FILE). The object is put there by people or by npm run deploy, never by Terraform."
  value       = "gs://${google_storage_bucket.this["keys"].name}/pii-keys.json"
}

output "dataflow_temp" {
  description = "Where Dataflow puts temporary files (gs://…/temp)."
  value       = "gs://${google_storage_bucket.this["artifacts"].name}/temp"
}

output "dataflow_staging" {
  description = "Where Dataflow stages a job's files (gs://…/staging)."
  value       = "gs://${google_storage_bucket.this["artifacts"].name}/staging"
}
