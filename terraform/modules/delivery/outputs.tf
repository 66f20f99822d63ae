output "workload_identity_provider" {
  description = "Full name of the provider: the variable WORKLOAD_IDENTITY_PROVIDER of the GitHub environment."
  value       = google_iam_workload_identity_pool_provider.github.name
}

output "deployer" {
  description = "E-mail address of the account that deploys: the variable DEPLOYER of the GitHub environment."
  value       = google_service_account.deployer.email
}

output "roles" {
  description = "What the deployer may do on the project: role => what needs it."
  value       = local.roles
}
