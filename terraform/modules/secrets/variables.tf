variable "project_id" {
  description = "Project that everything is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the id of a project (6 to 30 of a-z, 0-9 and -), not its name or number."
  }
}

variable "secrets" {
  description = "Secrets to make, by id: {description, rotation_days: after which people are reminded to add a version, null never}. Their values are put there by people or by npm run deploy, never by Terraform. Null makes those of the platform."
  type = map(object({
    description   = string
    rotation_days = optional(number)
  }))
  default = null

  validation {
    condition     = var.secrets == null || alltrue([for id in keys(coalesce(var.secrets, {})) : can(regex("^[a-zA-Z0-9_-]{1,255}$", id))])
    error_message = "A secret's id holds letters, digits, - and _ only."
  }
  validation {
    condition     = var.secrets == null || alltrue([for s in values(coalesce(var.secrets, {})) : s.rotation_days == null || try(s.rotation_days >= 1, false)])
    error_message = "rotation_days must be 1 at least, or null."
  }
}

variable "prefix" {
  description = "Beginning of the ids of the platform's own secrets."
  type        = string
  default     = "tributary-"
  nullable    = false
}

variable "replica_locations" {
  description = "Regions that values are kept in; empty lets Google choose (automatic). With kms_key_name it must be the key's own region."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "rotation_topic" {
  description = "Id of the Pub/Sub topic that is told when a secret is due for rotation (secret-rotation of the bus); null makes none due."
  type        = string
  default     = null
}

variable "secretmanager_service_agent" {
  description = "E-mail address of Secret Manager's service agent, which publishes to rotation_topic; null without one."
  type        = string
  default     = null
}

variable "version_destroy_days" {
  description = "Days that a version stays restorable after somebody destroyed it."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.version_destroy_days >= 1 && var.version_destroy_days <= 1000
    error_message = "version_destroy_days must be from 1 to 1000."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to destroy a secret. Lose the PII keys and no token can be made again, no seal be opened, and no erased person be told."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_name" {
  description = "Full name of the Cloud KMS key that encrypts values; null leaves that to Google's own keys."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_name == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key_name))
    error_message = "kms_key_name must read projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>."
  }
}

variable "labels" {
  description = "Labels of every resource that takes them."
  type        = map(string)
  default     = {}
  nullable    = false
}
