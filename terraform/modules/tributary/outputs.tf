output "urls" {
  description = "Address of each service and function, by deployable; tokens are made out to it."
  value       = { for name in setunion(keys(local.services), keys(local.functions)) : name => local.urls[name] }
}

output "health_checks" {
  description = "What answers 200 from outside, by deployable: its whole address."
  value       = { for name, service in local.services : name => "${local.urls[name]}${service.health}" if can(service.health) }
}

output "services" {
  description = "Cloud Run service of each service and function, by deployable; the newest revision of a service."
  value = merge(
    { for name, service in module.service : name => { name = service.name, revision = service.revision } },
    { for name, function in module.function : name => { name = function.name, revision = null } },
  )
}

output "jobs" {
  description = "Cloud Run job of each job, by deployable."
  value       = { for name, job in module.job : name => job.name }
}

output "stream_job" {
  description = "Name and id of the streaming job on Dataflow; null without one."
  value       = one([for stream in module.pipeline : { name = stream.name, id = stream.job_id }])
}

output "buckets" {
  description = "Name of each bucket by what it is for: lake, landing, artifacts, keys."
  value       = module.storage.buckets
}

output "registry" {
  description = "Where images are pushed to."
  value       = module.registry.url
}

output "chain_topic" {
  description = "Id of the topic of chain events."
  value       = module.bus.topics["chain"]
}

output "secrets" {
  description = "Short id of each secret by name; each needs a version before what reads it can start, but redis-auth and redis-ca, which Terraform fills."
  value       = module.secrets.secret_names
}

output "pii_keys_uri" {
  description = "Object that the PII keys have to be put at for Dataflow's workers."
  value       = module.storage.pii_keys_uri
}

output "service_accounts" {
  description = "E-mail address of each account, by deployable and by trigger (push-<deployable>-<trigger>)."
  value       = module.identities.emails
}

output "database" {
  description = "Cloud SQL instance: {connection_name, host, database, user}."
  value = {
    connection_name = module.database.connection_name
    host            = module.database.host
    database        = module.database.database
    user            = module.database.user
  }
}

output "dataflow" {
  description = "What batches of the pipeline are launched with, for commands that people run: {service_account, subnetwork, temp}."
  value = {
    service_account = module.identities.emails["pipeline"]
    subnetwork      = module.network.subnetwork_self_link
    temp            = module.storage.dataflow_temp
  }
}

output "delivery" {
  description = "What the GitHub environment's variables WORKLOAD_IDENTITY_PROVIDER and DEPLOYER are: {workload_identity_provider, deployer}; null where nothing deploys from GitHub."
  value       = one([for each in module.delivery : { workload_identity_provider = each.workload_identity_provider, deployer = each.deployer }])
}

output "kubernetes" {
  description = "Cluster and namespace; null without one."
  value       = one([for it in module.kubernetes : { cluster = it.cluster, namespace = it.namespace }])
}

output "helm_values" {
  description = "Values of terraform/helm/deployable for each deployable that runs on Kubernetes, by deployable."
  value = {
    for name in local.on_kubernetes : name => {
      image          = var.images[name]
      serviceAccount = module.identities.emails[name]
      environment    = local.environment[name]
      secrets        = { for variable, secret in local.secrets[name] : variable => "projects/${var.project_id}/secrets/${secret.secret}" }
      mounts         = [for mount in local.mounts[name] : merge(mount, { secret = "projects/${var.project_id}/secrets/${mount.secret}" })]
      probes         = local.deployables[name].probes
      resources      = { cpu = local.deployables[name].resources.cpu, memory = local.deployables[name].resources.memory }
      replicas       = { min = max(1, local.scaling[name].min), max = local.scaling[name].max }
    }
  }
}
