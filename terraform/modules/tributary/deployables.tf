module "identities" {
  source = "../identities"

  project_id    = local.project_id
  accounts      = local.accounts
  custom_roles  = { for name, role in local.table.custom_roles : name => { title = role.title, permissions = role.permissions } }
  buckets       = module.storage.buckets
  datasets      = module.warehouse.datasets
  tables        = module.warehouse.tables
  topics        = module.bus.topics
  subscriptions = module.bus.subscriptions
  secrets       = module.secrets.secret_ids
  repository    = module.registry.repository
}

# Bridge, pipeline, loads, feature server and erasures follow these from the moment they change: no deployment for a new column.
resource "google_storage_bucket_object" "contracts" {
  bucket         = module.storage.lake_bucket
  name           = "control/contracts.json"
  source         = "${path.module}/../../../contracts/generated/contracts.json"
  source_md5hash = filemd5("${path.module}/../../../contracts/generated/contracts.json")
  content_type   = "application/json"
  cache_control  = "no-store"
}

locals {
  private = { network = module.network.network_id, subnetwork = module.network.subnetwork_id }
}

module "service" {
  source   = "../service"
  for_each = local.services

  project_id           = local.project_id
  region               = var.region
  name                 = each.key
  description          = "Made of ${each.value.source}"
  image                = var.images[each.key]
  service_account      = module.identities.emails[each.key]
  environment          = local.environment[each.key]
  secrets              = local.secrets[each.key]
  mounts               = local.mounts[each.key]
  scaling              = local.scaling[each.key]
  resources            = each.value.resources
  timeout_seconds      = each.value.timeout_seconds
  probes               = each.value.probes
  ingress              = each.value.ingress
  invoker_check        = try(each.value.invoker_check, true)
  invokers             = local.invokers[each.key]
  audiences            = local.audiences[each.key]
  network              = try(each.value.vpc, false) ? local.private : null
  binary_authorization = var.binary_authorization
  deletion_protection  = var.deletion_protection
  kms_key_name         = local.kms["run"]
  labels               = local.labels

  # The registry of features and the contracts are there, and secrets that Terraform fills, before anything reads them.
  depends_on = [module.before, module.online_store, google_storage_bucket_object.contracts]
}

module "job" {
  source   = "../job"
  for_each = local.jobs

  project_id           = local.project_id
  region               = var.region
  name                 = each.key
  image                = var.images[each.key]
  args                 = try(each.value.args, null)
  service_account      = module.identities.emails[each.key]
  environment          = local.environment[each.key]
  secrets              = local.secrets[each.key]
  mounts               = local.mounts[each.key]
  resources            = each.value.resources
  timeout_seconds      = each.value.timeout_seconds
  max_retries          = each.value.max_retries
  runners              = { for key, runner in module.identities.job_runners : key => { role = runner.role, member = runner.member } if runner.job == each.key }
  network              = try(each.value.vpc, false) ? local.private : null
  binary_authorization = var.binary_authorization
  deletion_protection  = var.deletion_protection
  kms_key_name         = local.kms["run"]
  labels               = local.labels

  depends_on = [module.online_store]
}

# What has to be done before a deployable starts, by the image and the account of the job that knows how; each new image does it once.
module "before" {
  source   = "../job"
  for_each = local.before

  project_id           = local.project_id
  region               = var.region
  name                 = "${each.value.name}-before-${each.key}"
  image                = var.images[each.value.name]
  command              = slice(each.value.before.command, 0, 1)
  args                 = slice(each.value.before.command, 1, length(each.value.before.command))
  run_token            = "t${substr(sha256(jsonencode([var.images[each.value.name], each.value.before.command])), 0, 12)}"
  service_account      = module.identities.emails[each.value.name]
  environment          = local.environment[each.value.name]
  secrets              = local.secrets[each.value.name]
  mounts               = local.mounts[each.value.name]
  resources            = each.value.resources
  timeout_seconds      = each.value.timeout_seconds
  max_retries          = 2
  network              = try(each.value.vpc, false) ? local.private : null
  binary_authorization = var.binary_authorization
  deletion_protection  = false # it holds nothing
  kms_key_name         = local.kms["run"]
  labels               = local.labels

  depends_on = [module.online_store]
}

locals {
  # Members that may call, by a name of theirs: the accounts that deliver, and whom a variable names.
  named_callers = { seeder_callers = var.seeder_callers }
  invokers = {
    for name, deployable in local.deployables : name => merge(
      { for trigger, push in local.pushes : "push ${trigger}" => module.identities.members["push-${trigger}"] if push.deployable == name },
      { for member in try(local.named_callers[deployable.invokers], []) : member => member },
    )
  }
}

module "function" {
  source   = "../function"
  for_each = local.functions

  project_id        = local.project_id
  region            = var.region
  name              = each.key
  description       = "Made of ${each.value.source}"
  source_package    = var.function_sources[each.key]
  builder           = module.identities.ids["builder"]
  docker_repository = module.registry.repository
  service_account   = module.identities.emails[each.key]
  environment       = local.environment[each.key]
  secrets           = local.secrets[each.key]
  mounts            = local.mounts[each.key]
  scaling           = local.scaling[each.key]
  resources         = each.value.resources
  timeout_seconds   = each.value.timeout_seconds
  ingress           = each.value.ingress
  invokers          = local.invokers[each.key]
  trigger = one([
    for name, trigger in local.triggers : {
      event_type      = trigger.type
      filters         = { bucket = module.storage.buckets[trigger.bucket] }
      service_account = module.identities.emails["push-${name}"]
    } if trigger.deployable == each.key
  ])
  binary_authorization_policy = var.binary_authorization ? "projects/${var.project_id}/platforms/cloudRun/policies/default" : null
  # Source and image lie in a bucket and a repository that have keys of their own with cmek; one here would want the same key for all of them.
  kms_key_name = null
  labels       = local.labels

  # Cloud Build acts as its account, and Eventarc hears of objects, from the first deployment on.
  depends_on = [module.identities, module.project, google_storage_bucket_object.contracts]
}

module "pipeline" {
  source = "../pipeline"
  count  = var.flex_template != null && contains(keys(local.deployables), "pipeline") ? 1 : 0

  project_id       = local.project_id
  region           = var.region
  template         = var.flex_template
  parameters       = local.pipeline_parameters
  service_account  = module.identities.emails["pipeline"]
  subnetwork       = module.network.subnetwork_self_link
  temp_location    = module.storage.dataflow_temp
  staging_location = module.storage.dataflow_staging
  workers          = var.stream_workers
  kms_key_name     = local.kms["dataflow"]
  labels           = local.labels

  depends_on = [google_storage_bucket_object.contracts]
}

locals {
  pipeline_parameters = {
    for name, value in local.table.deployables.pipeline.parameters : name => try(
      local.common_values[value.value],
      format(value.format, [for each in value.values : local.common_values[each]]...),
      tostring(value),
    )
  }
}
