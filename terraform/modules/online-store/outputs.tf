output "address" {
  description = "host:port (REDIS_ADDRESS)."
  value       = local.address
}

output "cluster" {
  description = "Whether the address is a node of a Redis Cluster (REDIS_CLUSTER)."
  value       = var.cluster
}

output "password_required" {
  description = "Whether clients authenticate with the string in auth_secret_id. A cluster asks for IAM tokens or nothing, and ours for nothing: it has no AUTH string, and is reached from its network only."
  value       = !var.cluster
}

output "id" {
  description = "Id of the instance or cluster, as metrics name it."
  value       = local.id
}
