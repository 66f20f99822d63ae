mock_provider "google" {}

variables {
  project_id      = "tributary-test"
  project_number  = "123456789012"
  billing_account = "012345-678901-ABCDEF"
  monthly_budget  = 300
}

run "tells_before_it_is_spent_and_when_it_will_be" {
  command = plan

  assert {
    condition     = google_billing_budget.month.budget_filter[0].projects == toset(["projects/123456789012"])
    error_message = "The budget is of this project alone."
  }
  assert {
    condition     = min([for rule in google_billing_budget.month.threshold_rules : rule.threshold_percent if rule.spend_basis == "CURRENT_SPEND"]...) < 1
    error_message = "Something is told before the budget is spent."
  }
  assert {
    condition     = length([for rule in google_billing_budget.month.threshold_rules : rule if rule.spend_basis == "FORECASTED_SPEND"]) > 0
    error_message = "A month that will be too dear is told before it is."
  }
}

run "an_account_that_is_none_is_refused" {
  command = plan
  variables {
    billing_account = "my-billing-account"
  }
  expect_failures = [var.billing_account]
}
