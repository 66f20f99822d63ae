# terraform/deployables.yaml, made ready for the modules.

locals {
  table = yamldecode(file("${path.module}/../../deployables.yaml"))

  on_kubernetes = try(var.kubernetes.deployables, toset([]))
  optional      = toset([for name, deployable in local.table.deployables : name if try(deployable.optional, false)])

  # Accounts are made for what runs on Kubernetes too.
  deployables = { for name, deployable in local.table.deployables : name => deployable if !contains(var.without, name) }

  services  = { for name, deployable in local.deployables : name => deployable if deployable.kind == "service" && !contains(local.on_kubernetes, name) }
  jobs      = { for name, deployable in local.deployables : name => deployable if deployable.kind == "job" }
  functions = { for name, deployable in local.deployables : name => deployable if deployable.kind == "function" }

  # A job that runs before another deployable starts, by that one's name.
  before = { for name, job in local.jobs : job.before.of => merge(job, { name = name }) if can(job.before) && contains(keys(local.services), try(job.before.of, "-")) }

  scaling = {
    for name, deployable in local.deployables : name => {
      min         = coalesce(try(var.scaling[name].min, null), deployable.scaling.min)
      max         = coalesce(try(var.scaling[name].max, null), deployable.scaling.max)
      concurrency = coalesce(try(var.scaling[name].concurrency, null), deployable.scaling.concurrency)
    } if can(deployable.scaling)
  }

  # What calls a deployable by itself. Each has an account of its own: what one may do, and what it did, is told from the others.
  pushes = merge(flatten([
    for name, deployable in local.deployables : [
      for trigger, push in try(deployable.push, {}) : {
        "${name}-${trigger}" = {
          deployable   = name
          subscription = trigger == "chain" ? name : "${name}-${trigger}"
          topic        = push.topic
          path         = try(push.path, "/")
          events       = try(push.events, [])
          ack_seconds  = push.ack_seconds
        }
      }
    ]
  ])...)
  triggers = merge(flatten([
    for name, deployable in local.deployables : [
      for trigger, eventarc in try(deployable.eventarc, {}) : {
        "${name}-${trigger}" = { deployable = name, type = eventarc.type, bucket = eventarc.bucket }
      }
    ]
  ])...)

  grants = {
    for name, deployable in merge(local.deployables, local.table.accounts) : name => [
      for grant in concat(flatten([for set in try(deployable.role_sets, []) : local.table.role_sets[set]]), deployable.roles) : {
        role     = grant.role
        on       = grant.on
        prefixes = try(grant.prefixes, [])
      } if contains(local.enabled, try(grant.channel, "always"))
    ]
  }

  accounts = merge(
    { for name, deployable in local.deployables : name => { id = deployable.account, description = "Runs ${deployable.source}", grants = local.grants[name] } },
    { for name, account in local.table.accounts : name => { id = account.account, description = "See accounts in terraform/deployables.yaml", grants = local.grants[name] } },
    { for name, push in local.pushes : "push-${name}" => { id = "push-${name}", description = "Delivers ${push.topic} to ${push.deployable}", grants = [] } },
    # https://cloud.google.com/eventarc/docs/roles-permissions#event-receiver
    { for name, trigger in local.triggers : "push-${name}" => { id = "push-${name}", description = "Delivers ${trigger.type} to ${trigger.deployable}", grants = [{ role = "roles/eventarc.eventReceiver", on = "project", prefixes = [] }] } },
  )

  sections = { for name, deployable in local.deployables : name => [for section in try(deployable.config, []) : local.table.sections[section]] }

  environment = {
    for name, deployable in local.deployables : name => {
      for variable, value in merge(concat([for section in local.sections[name] : try(section.environment, {})], [try(deployable.environment, {})])...) :
      variable => try(
        local.values[name][value.value],
        format(value.format, [for each in value.values : local.values[name][each]]...),
        tostring(value),
      ) if !contains(local.absent, try(value.value, ""))
    }
  }

  secrets = {
    for name, deployable in local.deployables : name => {
      for variable, secret in merge(concat([for section in local.sections[name] : try(section.secrets, {})], [try(deployable.secrets, {})])...) :
      variable => { secret = module.secrets.secret_names[secret.secret] }
      if contains(local.enabled, try(secret.channel, "always"))
    }
  }

  # Cloud Run mounts one secret in a folder.
  mounts = {
    for name, deployable in local.deployables : name => [
      for mount in flatten([for section in local.sections[name] : try(section.mounts, [])]) : {
        secret = module.secrets.secret_names[mount.secret]
        path   = mount.path
        file   = mount.file
      }
    ]
  }

  # Of what carries a channel, the channels that are in use; what carries none always is.
  enabled = setunion(var.notify_channels, var.openlineage_api_key ? ["always", "openlineage"] : ["always"])
}

check "without" {
  assert {
    condition     = length(setsubtract(var.without, local.optional)) == 0
    error_message = "Only deployables that the table calls optional can be left out: ${join(", ", local.optional)}."
  }
}
