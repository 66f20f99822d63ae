output "topic" {
  description = "Id of the topic that Cloud Billing tells how the budget stands (projects/…/topics/…)."
  value       = google_pubsub_topic.budget.id
}

output "budget" {
  description = "Name of the budget."
  value       = google_billing_budget.month.name
}
