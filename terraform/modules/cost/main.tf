# Whoever wants to act on what the project costs subscribes here; Cloud Billing says several times a day how it stands.
resource "google_pubsub_topic" "budget" {
  #checkov:skip=CKV_GCP_83:sums of money that Cloud Billing writes; nobody's data to have a key of its own for

  project = var.project_id
  name    = "tributary-budget"
  labels  = var.labels
  # The newest figures are enough, and they come again.
  message_retention_duration = "86400s"
}

resource "google_billing_budget" "month" {
  billing_account = var.billing_account
  display_name    = "tributary ${var.project_id}"

  budget_filter {
    projects        = ["projects/${var.project_number}"]
    calendar_period = "MONTH"
    # What is really paid, after discounts.
    credit_types_treatment = "INCLUDE_ALL_CREDITS"
  }

  amount {
    specified_amount {
      currency_code = var.currency
      units         = tostring(var.monthly_budget)
    }
  }

  dynamic "threshold_rules" {
    for_each = var.thresholds.spent

    content {
      threshold_percent = threshold_rules.value
      spend_basis       = "CURRENT_SPEND"
    }
  }

  dynamic "threshold_rules" {
    for_each = var.thresholds.forecast

    content {
      threshold_percent = threshold_rules.value
      spend_basis       = "FORECASTED_SPEND"
    }
  }

  all_updates_rule {
    pubsub_topic                     = google_pubsub_topic.budget.id
    schema_version                   = "1.0"
    monitoring_notification_channels = var.notification_channels
    disable_default_iam_recipients   = length(var.notification_channels) > 0
  }
}

# https://cloud.google.com/billing/docs/how-to/budgets-programmatic-notifications#permissions_required_for_this_task
resource "google_pubsub_topic_iam_member" "billing" {
  project = var.project_id
  topic   = google_pubsub_topic.budget.id
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:billing-budget-alert@system.gserviceaccount.com"
}
