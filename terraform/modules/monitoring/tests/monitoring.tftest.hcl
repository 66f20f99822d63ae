mock_provider "google" {}

variables {
  project_id    = "tributary-test"
  alert_emails  = ["on-call@example.com"]
  page_channels = ["projects/tributary-test/notificationChannels/1"]
  runbook_url   = "https://example.com/runbooks"
  uptime_checks = { feast-server = { host = "feast-server-1.us-central1.run.app", path = "/health" } }
}

run "every_alert_has_a_policy_with_its_runbook" {
  command = apply

  assert {
    condition     = length(google_monitoring_alert_policy.this) == length(jsondecode(file("../../../observability/google-cloud/alerts.json")).alerts)
    error_message = "No alert is left out."
  }
  assert {
    condition = alltrue([
      for policy in google_monitoring_alert_policy.this : startswith(policy.documentation[0].links[0].url, "https://example.com/runbooks/") && strcontains(policy.documentation[0].content, policy.documentation[0].links[0].url)
    ])
    error_message = "Whoever is woken is told what to do."
  }
  assert {
    condition     = alltrue([for policy in google_monitoring_alert_policy.this : policy.conditions[0].condition_prometheus_query_language[0].disable_metric_validation])
    error_message = "A policy can be made before its metric was ever measured."
  }
}

run "pages_reach_the_pager_and_tickets_do_not" {
  command = apply

  assert {
    condition     = contains(google_monitoring_alert_policy.this["StreamStale"].notification_channels, "projects/tributary-test/notificationChannels/1") && google_monitoring_alert_policy.this["StreamStale"].severity == "CRITICAL"
    error_message = "A page goes to the pager."
  }
  assert {
    condition     = !contains(google_monitoring_alert_policy.this["ViewStale"].notification_channels, "projects/tributary-test/notificationChannels/1") && length(google_monitoring_alert_policy.this["ViewStale"].notification_channels) == 1
    error_message = "A ticket goes to people's mail."
  }
}

run "dashboards_and_log_metrics_are_those_of_the_repository" {
  command = plan

  assert {
    condition     = length(google_monitoring_dashboard.this) == length(fileset("../../../observability/google-cloud/dashboards", "*.json"))
    error_message = "No dashboard is left out."
  }
  assert {
    condition     = google_logging_metric.this["errors"].label_extractors["code"] == "EXTRACT(jsonPayload.err.code)"
    error_message = "Errors are told apart by their code."
  }
}

run "a_path_that_run_app_keeps_to_itself_is_refused" {
  command = plan
  variables {
    uptime_checks = { feast-server = { host = "h", path = "/healthz" } }
  }
  expect_failures = [var.uptime_checks]
}
