variable "project_id" {
  description = "Project that the job runs in."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region that the workers run in."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the streaming job. A job of the same name is updated in place, with its state; another name is another job that begins anew."
  type        = string
  default     = "tributary-pipeline"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", var.name))
    error_message = "name must be at most 63 of a-z, 0-9 and -, and begin with a letter."
  }
}

variable "template" {
  description = "Specification of the Flex Template (gs://…); its name holds the content's hash, so that a new one updates the job."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^gs://[^/]+/.+$", var.template))
    error_message = "template must be a gs:// path."
  }
}

variable "parameters" {
  description = "Parameters of dataflow-flink/flex-template/metadata.json, by name."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for name in ["source", "lake", "piiKeysFile"] : contains(keys(var.parameters), name)])
    error_message = "The template needs source, lake and piiKeysFile at least."
  }
  validation {
    condition     = lookup(var.parameters, "source", "") != "pubsub" || alltrue([for name in ["changesSubscription", "deadLetterSubscription", "featuresTopic"] : contains(keys(var.parameters), name)])
    error_message = "A stream from Pub/Sub needs changesSubscription, deadLetterSubscription and featuresTopic."
  }
}

variable "service_account" {
  description = "E-mail address of the account that launcher and workers run as, their own."
  type        = string
  nullable    = false
}

variable "subnetwork" {
  description = "URL of the subnet of the workers, which have private addresses only."
  type        = string
  nullable    = false
}

variable "temp_location" {
  description = "Where temporary files go (gs://…)."
  type        = string
  nullable    = false
}

variable "staging_location" {
  description = "Where the job's files are staged (gs://…)."
  type        = string
  nullable    = false
}

variable "workers" {
  description = "Machine type, workers at the start and at most."
  type        = object({ machine_type = string, min = number, max = number })
  default     = { machine_type = "n2-standard-2", min = 1, max = 4 }
  nullable    = false

  validation {
    condition     = var.workers.min >= 1 && var.workers.max >= var.workers.min
    error_message = "workers needs 1 <= min <= max."
  }
}

variable "kms_key_name" {
  description = "Full name of the Cloud KMS key that encrypts the job's state; null leaves that to Google's own keys."
  type        = string
  default     = null
}

variable "labels" {
  description = "Labels of the job and its workers."
  type        = map(string)
  default     = {}
  nullable    = false
}
