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

variable "repository_id" {
  description = "Name of the repository."
  type        = string
  default     = "tributary"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.repository_id))
    error_message = "repository_id must be at most 63 of a-z, 0-9 and -, and begin with a letter."
  }
}

variable "keep_versions" {
  description = "Newest versions of each image that are never cleaned up, so that a roll-back finds what it needs."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.keep_versions >= 2
    error_message = "keep_versions must be 2 at least: the version that runs and the one before it."
  }
}

variable "delete_after_days" {
  description = "Days after which other versions are cleaned up."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.delete_after_days >= 1
    error_message = "delete_after_days must be 1 at least."
  }
}

variable "vulnerability_scanning" {
  description = "Whether each image is scanned when it is pushed (billed by image) and watched for a month."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_name" {
  description = "Full name of the Cloud KMS key that encrypts images; null leaves that to Google's own keys."
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
