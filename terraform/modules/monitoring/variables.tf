variable "project_id" {
  description = "Project that is watched."
  type        = string
  nullable    = false
}

variable "alerts_file" {
  description = "Path of the alerts; null reads observability/google-cloud/alerts.json of this repository."
  type        = string
  default     = null
}

variable "dashboards_folder" {
  description = "Path of the dashboards; null reads observability/google-cloud/dashboards of this repository."
  type        = string
  default     = null
}

variable "log_metrics_file" {
  description = "Path of the log-based metrics; null reads observability/google-cloud/log-metrics.yml of this repository."
  type        = string
  default     = null
}

variable "alert_emails" {
  description = "E-mail addresses that every alert is sent to."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "page_channels" {
  description = "Notification channels that exist already (projects/…/notificationChannels/…), such as a pager; they get alerts of severity page."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "runbook_url" {
  description = "Address of docs/runbooks; null names the file of the repository."
  type        = string
  default     = null
}

variable "uptime_checks" {
  description = "What is asked from outside, once a minute, whether it answers 200: name => {host, path}."
  type        = map(object({ host = string, path = string }))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for check in values(var.uptime_checks) : startswith(check.path, "/") && !can(regex("z$", check.path))])
    error_message = "A path begins with /, and does not end in z: run.app keeps such paths to itself."
  }
}

variable "reminder_hours" {
  description = "Hours after which an alert that goes on is told again."
  type        = number
  default     = 24
  nullable    = false

  validation {
    condition     = var.reminder_hours >= 1 && var.reminder_hours <= 24
    error_message = "reminder_hours must be from 1 to 24."
  }
}

variable "labels" {
  description = "Labels of every resource that takes them."
  type        = map(string)
  default     = {}
  nullable    = false
}
