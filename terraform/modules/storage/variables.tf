variable "project_id" {
  description = "Project that everything is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the id of a project (6 to 30 of a-z, 0-9 and -), not its name or number."
  }
}

variable "location" {
  description = "Location of the buckets: the region of the services, so that traffic between them is free."
  type        = string
  nullable    = false
}

variable "lake_bucket" {
  description = "Name of the lake (LAKE_BUCKET), unique in the world."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.lake_bucket))
    error_message = "lake_bucket must be a bucket's name: 3 to 63 of a-z, 0-9, - and _."
  }
}

variable "landing_bucket" {
  description = "Name of the bucket that people drop files into (LANDING_BUCKET). It may hold clear personal data until it is ingested."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.landing_bucket))
    error_message = "landing_bucket must be a bucket's name: 3 to 63 of a-z, 0-9, - and _."
  }
}

variable "artifacts_bucket" {
  description = "Name of the bucket for source packages of functions, Flex Template specifications, compiled contracts and Dataflow's temporary files."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.artifacts_bucket))
    error_message = "artifacts_bucket must be a bucket's name: 3 to 63 of a-z, 0-9, - and _."
  }
}

variable "keys_bucket" {
  description = "Name of the bucket that holds the PII keys for Dataflow's workers, which have no mounts (PIPELINE_PII_KEYS_FILE)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.keys_bucket))
    error_message = "keys_bucket must be a bucket's name: 3 to 63 of a-z, 0-9, - and _."
  }
}

variable "lifecycle_file" {
  description = "Path of the compiled lifecycle rules; null reads contracts/generated/lifecycle.json of this repository."
  type        = string
  default     = null
}

variable "versioning" {
  description = "Whether replaced and removed objects of the lake are kept as versions for the days that lifecycle rules say. An erasure removes them at once. Landing keeps none: its files may hold clear personal data."
  type        = bool
  default     = true
  nullable    = false
}

variable "notifications" {
  description = "Finalized objects to announce: name => {bucket: lake or landing, prefix, topic: id of a Pub/Sub topic}."
  type = map(object({
    bucket = string
    prefix = string
    topic  = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for n in values(var.notifications) : contains(["lake", "landing"], n.bucket)])
    error_message = "Each notification's bucket must be lake or landing."
  }
  validation {
    condition     = alltrue([for n in values(var.notifications) : endswith(n.prefix, "/")])
    error_message = "Each notification's prefix must end in /, such as processed/: without it neighbours of the folder are announced too."
  }
}

variable "temp_days" {
  description = "Days after which Dataflow's temporary files (temp/ in artifacts) are removed."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.temp_days >= 1 && floor(var.temp_days) == var.temp_days
    error_message = "temp_days must be a whole number of days."
  }
}

variable "force_destroy" {
  description = "Whether buckets are destroyed with what they hold. For environments of no worth only."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_name" {
  description = "Full name of the Cloud KMS key that encrypts objects; null leaves that to Google's own keys."
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
