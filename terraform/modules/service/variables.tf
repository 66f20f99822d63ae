variable "project_id" {
  description = "Project that the service is made in."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region that the service runs in."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the service."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,47}[a-z0-9])?$", var.name))
    error_message = "name must be at most 49 of a-z, 0-9 and -, and begin with a letter."
  }
}

variable "description" {
  description = "What the service is for."
  type        = string
  default     = null
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
  description = "E-mail address of the account that the service runs as, its own."
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
  description = "Secrets that are files: {secret: its short id, version, path: of the folder, file}. They are read anew when a version is added, without a new revision."
  type        = list(object({ secret = string, version = optional(string, "latest"), path = string, file = string }))
  default     = []
  nullable    = false
}

variable "scaling" {
  description = "Instances at least and at most, and requests that one takes at once."
  type        = object({ min = number, max = number, concurrency = number })
  nullable    = false

  validation {
    condition     = var.scaling.min >= 0 && var.scaling.max >= max(1, var.scaling.min) && var.scaling.concurrency >= 1 && var.scaling.concurrency <= 1000
    error_message = "scaling needs 0 <= min <= max, max at least 1, and a concurrency from 1 to 1000."
  }
}

variable "resources" {
  description = "CPUs and memory of an instance; cpu_always keeps the CPU between requests too, which work in the background needs."
  type        = object({ cpu = string, memory = string, cpu_always = optional(bool, false) })
  nullable    = false
}

variable "timeout_seconds" {
  description = "How long a request may take."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 3600
    error_message = "timeout_seconds must be from 1 to 3600."
  }
}

variable "probes" {
  description = "Paths that answer 200 when the process has started and while it lives, and how many seconds it may take to start."
  type        = object({ startup = string, liveness = string, startup_seconds = number })
  nullable    = false

  validation {
    condition     = startswith(var.probes.startup, "/") && startswith(var.probes.liveness, "/") && var.probes.startup_seconds >= 2 && var.probes.startup_seconds <= 240
    error_message = "Paths begin with /, and startup_seconds is from 2 to 240."
  }
}

variable "ingress" {
  description = "From where requests are taken: internal (this project and its network) or all. Callers need the invoker role either way."
  type        = string
  default     = "internal"
  nullable    = false

  validation {
    condition     = contains(["internal", "all"], var.ingress)
    error_message = "ingress must be internal or all."
  }
}

variable "invokers" {
  description = "Members that may call the service, by a name of one's own."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(toset(values(var.invokers)), ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "A service is never open to everybody: name members."
  }
}

variable "invoker_check" {
  description = "Whether Cloud Run itself lets in invokers only. Without, every request comes in and the service asks for the token itself, signature and all; for what Firebase Hosting calls, as nobody."
  type        = bool
  default     = true
  nullable    = false
}

variable "audiences" {
  description = "What ID tokens of callers may be made out to, beside the service's own URL."
  type        = list(string)
  default     = []
  nullable    = false
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
  description = "Whether Terraform refuses to destroy the service."
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
