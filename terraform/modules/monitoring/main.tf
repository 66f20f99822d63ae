locals {
  observability = "${path.module}/../../../observability/google-cloud"
  folder        = coalesce(var.dashboards_folder, "${local.observability}/dashboards")

  alerts      = { for alert in jsondecode(file(coalesce(var.alerts_file, "${local.observability}/alerts.json"))).alerts : alert.name => alert }
  dashboards  = { for name in fileset(local.folder, "*.json") : trimsuffix(name, ".json") => file("${local.folder}/${name}") }
  log_metrics = yamldecode(file(coalesce(var.log_metrics_file, "${local.observability}/log-metrics.yml")))

  runbooks = { for name, alert in local.alerts : name => "${coalesce(var.runbook_url, "docs/runbooks")}/${alert.runbook}.md" }

  severities = { page = "CRITICAL", ticket = "WARNING" }
  channels = {
    ticket = [for email in var.alert_emails : google_monitoring_notification_channel.email[email].name]
    page   = concat([for email in var.alert_emails : google_monitoring_notification_channel.email[email].name], tolist(var.page_channels))
  }

  # Cloud Monitoring looks once a minute, so nothing lasts for less.
  evaluation_seconds = 60
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  project      = var.project_id
  type         = "email"
  display_name = "Tributary: ${each.value}"
  labels       = { email_address = each.value }
  user_labels  = var.labels
}

resource "google_logging_metric" "this" {
  for_each = local.log_metrics

  project          = var.project_id
  name             = "tributary/${each.key}"
  description      = each.value.description
  filter           = each.value.filter
  label_extractors = { for label, of in try(each.value.labels, {}) : label => of.extract }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = try(each.value.labels, {})

      content {
        key         = labels.key
        value_type  = "STRING"
        description = labels.value.description
      }
    }
  }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  project               = var.project_id
  display_name          = "Tributary: ${each.key}"
  combiner              = "OR"
  severity              = local.severities[each.value.severity]
  notification_channels = local.channels[each.value.severity]
  user_labels           = var.labels

  conditions {
    display_name = each.key

    condition_prometheus_query_language {
      query               = each.value.query
      duration            = "${each.value.duration_seconds}s"
      evaluation_interval = "${local.evaluation_seconds}s"
      rule_group          = each.value.group
      alert_rule          = each.key
      # A metric is known from the first time it was measured, which for most of what is wrong is never.
      disable_metric_validation = true
    }
  }

  documentation {
    mime_type = "text/markdown"
    subject   = "Tributary ${var.project_id}: ${each.key}"
    content   = "${each.value.summary}\n\nWhat to do: ${local.runbooks[each.key]}"

    dynamic "links" {
      for_each = var.runbook_url == null ? [] : [local.runbooks[each.key]]

      content {
        display_name = "Runbook"
        url          = links.value
      }
    }
  }

  alert_strategy {
    # Over once it was not seen for so long; a condition that ended says so itself at once.
    auto_close = "86400s"

    dynamic "notification_channel_strategy" {
      for_each = length(var.alert_emails) + length(var.page_channels) > 0 ? [true] : []

      content {
        notification_channel_names = local.channels[each.value.severity]
        renotify_interval          = "${var.reminder_hours * 3600}s"
      }
    }
  }

  depends_on = [google_logging_metric.this]
}

resource "google_monitoring_dashboard" "this" {
  for_each = local.dashboards

  project        = var.project_id
  dashboard_json = each.value
}

resource "google_monitoring_uptime_check_config" "this" {
  for_each = var.uptime_checks

  project      = var.project_id
  display_name = "Tributary: ${each.key}"
  timeout      = "10s"
  period       = "60s"
  user_labels  = var.labels

  http_check {
    path         = each.value.path
    port         = 443
    use_ssl      = true
    validate_ssl = true

    accepted_response_status_codes {
      status_class = "STATUS_CLASS_2XX"
    }
  }

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project_id, host = each.value.host }
  }
}

resource "google_monitoring_alert_policy" "uptime" {
  for_each = var.uptime_checks

  project               = var.project_id
  display_name          = "Tributary: ${each.key} does not answer"
  combiner              = "OR"
  severity              = local.severities.page
  notification_channels = local.channels.page
  user_labels           = var.labels

  conditions {
    display_name = "From two places at once, for five minutes"

    condition_threshold {
      filter          = "resource.type = \"uptime_url\" AND metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\" AND resource.labels.host = \"${each.value.host}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "300s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    subject   = "Tributary ${var.project_id}: ${each.key} does not answer"
    content   = "${each.key} is asked from outside at https://${each.value.host}${each.value.path}.\n\nWhat to do: ${coalesce(var.runbook_url, "docs/runbooks")}/service-errors.md"
  }

  depends_on = [google_monitoring_uptime_check_config.this]
}
