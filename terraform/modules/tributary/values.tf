# The values that terraform/deployables.yaml refers to.

locals {
  # Cloud Run gives each service this address beside one that nobody knows before: https://cloud.google.com/run/docs/triggering/https-request#deterministic
  urls = { for name, deployable in local.deployables : name => "https://${name}-${module.project.project_number}.${var.region}.run.app" }

  callers = {
    for name, deployable in local.deployables : name => join(",", [
      for trigger, call in merge(local.pushes, local.triggers) : module.identities.emails["push-${trigger}"] if call.deployable == name
    ])
  }

  # Eventarc makes its tokens out to the other address, of which only the end is Google's choice.
  audiences = {
    for name, deployable in local.deployables : name => concat([local.urls[name]], can(deployable.eventarc) ? ["https://${name}-*.a.run.app"] : [])
  }

  common_values = {
    project_id        = var.project_id
    region            = var.region
    log_level         = var.log_level
    lake_bucket       = module.storage.lake_bucket
    landing_bucket    = module.storage.landing_bucket
    topic_prefix      = var.topic_prefix
    bigquery_location = var.bigquery_location
    # A number's own text may have an exponent.
    max_bytes_billed                  = format("%d", var.max_bytes_billed)
    daily_bytes_budget                = var.daily_bytes_budget == null ? "" : format("%d", var.daily_bytes_budget)
    flex_template                     = coalesce(var.flex_template, "gs://${module.storage.artifacts_bucket}/flex-templates/not-built.json")
    pipeline_service_account          = module.identities.emails["pipeline"]
    dataflow_subnetwork               = module.network.subnetwork_self_link
    dataflow_temp                     = module.storage.dataflow_temp
    pii_keys_uri                      = module.storage.pii_keys_uri
    redis_address                     = module.online_store.address
    database_host                     = module.database.host
    database_user                     = module.database.user
    database_name                     = module.database.database
    openlineage_url                   = coalesce(var.openlineage_url, "absent")
    runbook_url                       = coalesce(var.runbook_url, "absent")
    telegram_chat_id                  = coalesce(var.telegram_chat_id, "absent")
    feature_readers                   = join(",", concat(var.feature_readers, [module.identities.emails["smoke"]]))
    feature_writers                   = join(",", var.feature_writers)
    warehouse_api_roles               = jsonencode(var.warehouse_api_roles)
    pipeline_changes_subscription     = module.bus.subscriptions["changes.pipeline"]
    pipeline_dead_letter_subscription = module.bus.subscriptions["dead-letter.pipeline"]
    features_topic                    = module.bus.topics["features"]
  }

  # Decided by variables alone: were a value itself asked whether it is null, one that is not known yet would make every environment unknown.
  absent = toset(compact([
    var.daily_bytes_budget == null ? "daily_bytes_budget" : "",
    var.openlineage_url == null ? "openlineage_url" : "",
    var.runbook_url == null ? "runbook_url" : "",
    contains(var.notify_channels, "telegram") ? "" : "telegram_chat_id",
    length(var.feature_writers) == 0 ? "feature_writers" : "",
  ]))

  values = {
    for name, deployable in local.deployables : name => merge(local.common_values, {
      audience = join(",", local.audiences[name])
      callers  = local.callers[name]
    })
  }
}
