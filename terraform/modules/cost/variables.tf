variable "project_id" {
  description = "Project whose costs are watched."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "Its number, by which Cloud Billing knows it."
  type        = string
  nullable    = false
}

variable "billing_account" {
  description = "Billing account that pays for the project, such as 012345-678901-ABCDEF."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account must read 012345-678901-ABCDEF."
  }
}

variable "monthly_budget" {
  description = "What the project should cost a month at most, in whole units of currency. A budget tells and stops nothing; what stops queries are DAILY_BYTES_BUDGET and BigQuery's quotas."
  type        = number
  nullable    = false

  validation {
    condition     = var.monthly_budget >= 1 && floor(var.monthly_budget) == var.monthly_budget
    error_message = "monthly_budget must be a whole number, 1 at least."
  }
}

variable "currency" {
  description = "Currency of the billing account, such as USD."
  type        = string
  default     = "USD"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Z]{3}$", var.currency))
    error_message = "currency must be three capital letters."
  }
}

variable "thresholds" {
  description = "Shares of the budget that are told when they are spent; forecast of the month's end: told when it is expected to pass them."
  type        = object({ spent = list(number), forecast = list(number) })
  default     = { spent = [0.5, 0.8, 1], forecast = [1, 1.5] }
  nullable    = false
}

variable "notification_channels" {
  description = "Notification channels of Cloud Monitoring that are told, five at most."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.notification_channels) <= 5
    error_message = "A budget tells five channels at most."
  }
}

variable "labels" {
  description = "Labels of every resource that takes them."
  type        = map(string)
  default     = {}
  nullable    = false
}
