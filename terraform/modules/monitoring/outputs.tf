output "email_channels" {
  description = "Notification channels of alert_emails."
  value       = local.channels.ticket
}

output "alert_policies" {
  description = "Name of each alert policy by alert."
  value       = { for name, policy in google_monitoring_alert_policy.this : name => policy.name }
}

output "dashboards" {
  description = "Id of each dashboard by file."
  value       = { for name, dashboard in google_monitoring_dashboard.this : name => dashboard.id }
}
