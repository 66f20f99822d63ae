variable "project_id" {
  description = "Project that the function is made in."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region that the function runs in."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the function, of the target that its code registers with the functions framework, and of its Cloud Run service."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,47}[a-z0-9])?$", var.name))
    error_message = "name must be at most 49 of a-z, 0-9 and -, and begin with a letter."
  }
}

variable "description" {
  description = "What the function is for."
  type        = string
  default     = null
}

variable "runtime" {
  description = "Node that runs it; it runs TypeScript itself, which takes 24 or newer."
  type        = string
  default     = "nodejs24"
  nullable    = false

  validation {
    condition     = can(regex("^nodejs[0-9]+$", var.runtime)) && try(tonumber(trimprefix(var.runtime, "nodejs")) >= 24, false)
    error_message = "runtime must be nodejs24 or newer: older ones do not run TypeScript as it is."
  }
}

variable "source_package" {
  description = "Source package (a zip): {bucket, object}. The object's name holds the content's hash, so that a new content is a new build."
  type        = object({ bucket = string, object = string })
  nullable    = false
}

variable "builder" {
  description = "Id of the account that Cloud Build makes the image as (projects/…/serviceAccounts/…)."
  type        = string
  nullable    = false
}

variable "docker_repository" {
  description = "Id of the repository that the image goes to (projects/…/locations/…/repositories/…)."
  type        = string
  nullable    = false
}

variable "service_account" {
  description = "E-mail address of the account that the function runs as, its own."
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
  description = "CPUs and memory of an instance. More than one request at once takes a whole CPU."
  type        = object({ cpu = string, memory = string })
  nullable    = false
}

variable "timeout_seconds" {
  description = "How long a request may take; what an event starts, 540 at most."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 3600
    error_message = "timeout_seconds must be from 1 to 3600."
  }
}

variable "ingress" {
  description = "From where requests are taken: internal (this project and its network, Pub/Sub and Eventarc among it) or all. Callers need the invoker role either way."
  type        = string
  default     = "internal"
  nullable    = false

  validation {
    condition     = contains(["internal", "all"], var.ingress)
    error_message = "ingress must be internal or all."
  }
}

variable "invokers" {
  description = "Members that may call the function, by a name of one's own: accounts of its push subscriptions, and who else."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(toset(values(var.invokers)), ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "A function is never open to everybody: name members."
  }
}

variable "trigger" {
  description = "Eventarc trigger, null without one: {event_type, filters: attribute => value, service_account: e-mail address of the account it calls as, its own, which the function then lets in}. What fails is delivered again for a day."
  type        = object({ event_type = string, filters = map(string), service_account = string })
  default     = null
}

variable "binary_authorization_policy" {
  description = "Binary Authorization policy (projects/…/platforms/cloudRun/policies/…) that images must meet; null without one."
  type        = string
  default     = null
}

variable "kms_key_name" {
  description = "Full name of the Cloud KMS key that encrypts source and image; null leaves that to Google's own keys."
  type        = string
  default     = null
}

variable "labels" {
  description = "Labels of every resource that takes them."
  type        = map(string)
  default     = {}
  nullable    = false
}
