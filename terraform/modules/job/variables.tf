variable "project_id" {
  description = "Project that the job is made in."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region that the job runs in."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the job."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,47}[a-z0-9])?$", var.name))
    error_message = "name must be at most 49 of a-z, 0-9 and -, and begin with a letter."
  }
}

variable "image" {
  description = "Image by digest (…@sha256:…): a tag may be another image tomorrow."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must end in @sha256: and 64 hexadecimal digits."
  }
}

variable "service_account" {
  description = "E-mail address of the account that the job runs as, its own."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Environment variables, by name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "secrets" {
  description = "Environment variables whose values are secrets: {secret: its short id, version}."
  type        = map(object({ secret = string, version = optional(string, "latest") }))
  default     = {}
  nullable    = false
}

variable "mounts" {
  description = "Secrets that are files: {secret: its short id, version, path: of the folder, file}."
  type        = list(object({ secret = string, version = optional(string, "latest"), path = string, file = string }))
  default     = []
  nullable    = false
}

variable "command" {
  description = "Program in place of the image's entry point; null runs that."
  type        = list(string)
  default     = null
}

variable "args" {
  description = "Arguments of an execution that brings none of its own."
  type        = list(string)
  default     = null
}

variable "resources" {
  description = "CPUs and memory of a task."
  type        = object({ cpu = string, memory = string })
  nullable    = false
}

variable "timeout_seconds" {
  description = "How long an execution may take."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 604800
    error_message = "timeout_seconds must be from 1 to 604800, a week."
  }
}

variable "max_retries" {
  description = "How often Cloud Run itself starts a failed task again."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.max_retries >= 0 && var.max_retries <= 10
    error_message = "max_retries must be from 0 to 10."
  }
}

variable "runners" {
  description = "Who may run the job, by a name of one's own: {role, member}."
  type        = map(object({ role = string, member = string }))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for runner in values(var.runners) : !contains(["allUsers", "allAuthenticatedUsers"], runner.member)])
    error_message = "A job is never open to everybody: name members."
  }
}

variable "run_token" {
  description = "Where it is given, each apply that changes it runs the job and waits until it succeeded. At most 30 of a-z, 0-9 and -."
  type        = string
  default     = null

  validation {
    condition     = var.run_token == null || can(regex("^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$", var.run_token))
    error_message = "run_token must be at most 30 of a-z, 0-9 and -."
  }
}

variable "network" {
  description = "Network and subnet that private addresses are reached by (direct VPC egress); null without one."
  type        = object({ network = string, subnetwork = string })
  default     = null
}

variable "binary_authorization" {
  description = "Whether only images that the project's Binary Authorization policy allows may run."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to destroy the job."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_name" {
  description = "Full name of the Cloud KMS key that encrypts the deployed image; null leaves that to Google's own keys."
  type        = string
  default     = null
}

variable "labels" {
  description = "Labels of every resource that takes them."
  type        = map(string)
  default     = {}
  nullable    = false
}
