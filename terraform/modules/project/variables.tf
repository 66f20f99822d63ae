variable "project_id" {
  description = "Project that everything is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the id of a project (6 to 30 of a-z, 0-9 and -), not its name or number."
  }
}

variable "region" {
  description = "Region that regional resources are made in, such as us-central1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region such as us-central1, not a zone or a multi-region."
  }
}

variable "bigquery_location" {
  description = "Location of the warehouse's datasets, such as US, EU or a region: its encryption key has to be there."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(US|EU|[a-z]+-[a-z]+[0-9]+)$", var.bigquery_location))
    error_message = "bigquery_location must be US, EU or a region such as us-central1."
  }
}

variable "additional_apis" {
  description = "Services to enable beside those the platform needs, such as container.googleapis.com for Kubernetes."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for api in var.additional_apis : endswith(api, ".googleapis.com")])
    error_message = "Each of additional_apis must be a service's name that ends in .googleapis.com."
  }
}

variable "cmek" {
  description = "Whether data is encrypted under keys of this project (Cloud KMS, software, one key a service) instead of Google's own."
  type        = bool
  default     = false
  nullable    = false
}

variable "labels" {
  description = "Labels of every resource that takes them."
  type        = map(string)
  default     = {}
  nullable    = false
}
