variable "project_id" {
  description = "Project that the schedule is made in."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of Cloud Scheduler."
  type        = string
  nullable    = false
}

variable "chain_topic" {
  description = "Id of the topic of chain events (projects/…/topics/…)."
  type        = string
  nullable    = false
}

variable "schedule" {
  description = "When to sweep (cron). What events missed waits that long, and what notify could not post; each sweep costs each function a listing or two."
  type        = string
  default     = "*/5 * * * *"
  nullable    = false

  validation {
    condition     = can(regex("^[^ ]+( [^ ]+){4}$", var.schedule))
    error_message = "schedule must be five fields of cron, such as */5 * * * *."
  }
}

variable "paused" {
  description = "Whether no sweep is sent for now."
  type        = bool
  default     = false
  nullable    = false
}
