module "sweep" {
  source = "../sweep"

  project_id  = local.project_id
  region      = var.region
  chain_topic = module.bus.topics["chain"]
  schedule    = var.sweep_schedule
}

module "cost" {
  source = "../cost"
  count  = var.billing_account == null ? 0 : 1

  project_id            = local.project_id
  project_number        = module.project.project_number
  billing_account       = var.billing_account
  monthly_budget        = var.monthly_budget.amount
  currency              = var.monthly_budget.currency
  notification_channels = module.monitoring.email_channels
  labels                = local.labels
}

module "monitoring" {
  source = "../monitoring"

  project_id    = local.project_id
  alert_emails  = var.alert_emails
  page_channels = var.alert_channels
  runbook_url   = var.runbook_url
  labels        = local.labels

  uptime_checks = {
    for name, service in local.services : name => {
      host = trimprefix(local.urls[name], "https://")
      path = service.health
    } if can(service.health)
  }
}

module "kubernetes" {
  source = "../kubernetes"
  count  = var.kubernetes == null ? 0 : 1

  project_id           = local.project_id
  region               = var.region
  control_plane_cidr   = var.kubernetes.control_plane_cidr
  authorized_ranges    = var.kubernetes.authorized_ranges
  repository           = module.registry.repository
  binary_authorization = var.binary_authorization
  deletion_protection  = var.deletion_protection
  labels               = local.labels

  network = {
    network    = module.network.network_id
    subnetwork = module.network.subnetwork_id
    pods       = try(module.network.kubernetes_range_names.pods, null)
    services   = try(module.network.kubernetes_range_names.services, null)
  }

  # The pipeline, for Flink.
  accounts = { for name in setunion(local.on_kubernetes, ["pipeline"]) : name => module.identities.ids[name] }
}
