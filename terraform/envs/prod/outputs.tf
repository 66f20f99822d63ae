output "urls" {
  description = "Address of each service and function, by deployable; tokens are made out to it."
  value       = module.tributary.urls
}

output "health_checks" {
  description = "What answers 200 from outside, by deployable: its whole address."
  value       = module.tributary.health_checks
}

output "services" {
  description = "Cloud Run service of each service and function, by deployable; the newest revision of a service."
  value       = module.tributary.services
}

output "jobs" {
  description = "Cloud Run job of each job, by deployable."
  value       = module.tributary.jobs
}

output "stream_job" {
  description = "Name and id of the streaming job on Dataflow; null without one."
  value       = module.tributary.stream_job
}

output "buckets" {
  description = "Name of each bucket by what it is for: lake, landing, artifacts, keys."
  value       = module.tributary.buckets
}

output "registry" {
  description = "Where images are pushed to."
  value       = module.tributary.registry
}

output "chain_topic" {
  description = "Id of the topic of chain events."
  value       = module.tributary.chain_topic
}

output "secrets" {
  description = "Short id of each secret by name; each needs a version before what reads it can start, but redis-auth and redis-ca, which Terraform fills."
  value       = module.tributary.secrets
}

output "pii_keys_uri" {
  description = "Object that the PII keys have to be put at for Dataflow's workers."
  value       = module.tributary.pii_keys_uri
}

output "service_accounts" {
  description = "E-mail address of each account, by deployable and by trigger (push-<deployable>-<trigger>)."
  value       = module.tributary.service_accounts
}

output "database" {
  description = "Cloud SQL instance: {connection_name, host, database, user}."
  value       = module.tributary.database
}

output "dataflow" {
  description = "What batches of the pipeline are launched with, for commands that people run: {service_account, subnetwork, temp}."
  value       = module.tributary.dataflow
}

output "delivery" {
  description = "What the GitHub environment's variables WORKLOAD_IDENTITY_PROVIDER and DEPLOYER are: {workload_identity_provider, deployer}; null where nothing deploys from GitHub."
  value       = module.tributary.delivery
}

output "kubernetes" {
  description = "Cluster and namespace; null without one."
  value       = module.tributary.kubernetes
}

output "helm_values" {
  description = "Values of terraform/helm/deployable for each deployable that runs on Kubernetes, by deployable."
  value       = module.tributary.helm_values
}
