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

variable "name" {
  description = "Name of the instance. A name that was used cannot be used again for a week after the instance is gone."
  type        = string
  default     = "tributary"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.name))
    error_message = "name must be at most 40 of a-z, 0-9 and -, and begin with a letter."
  }
}

variable "network_id" {
  description = "Id of the network the instance gets its only address in."
  type        = string
  nullable    = false
}

variable "private_services_connection" {
  description = "Id of the network's private services connection; the instance waits for it."
  type        = string
  nullable    = false
}

variable "database_version" {
  description = "Version of Postgres; 14 or newer, so that the heartbeat moves an idle replication slot."
  type        = string
  default     = "POSTGRES_17"
  nullable    = false

  validation {
    condition     = can(regex("^POSTGRES_1[4-8]$", var.database_version))
    error_message = "database_version must be POSTGRES_14 to POSTGRES_18."
  }
}

variable "tier" {
  description = "Machine type, such as db-custom-2-7680 (2 vCPU, 7.5 GB); db-f1-micro and db-g1-small have no SLA."
  type        = string
  default     = "db-custom-1-3840"
  nullable    = false
}

variable "high_availability" {
  description = "Whether a second zone holds a standby (REGIONAL). A failover keeps replication slots."
  type        = bool
  default     = false
  nullable    = false
}

variable "disk_size_gb" {
  description = "GB of SSD to begin with; the disk grows by itself and never shrinks."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.disk_size_gb >= 10
    error_message = "disk_size_gb must be 10 at least."
  }
}

variable "disk_limit_gb" {
  description = "GB the disk grows to at most."
  type        = number
  default     = 500
  nullable    = false

  validation {
    condition     = var.disk_limit_gb >= 10
    error_message = "disk_limit_gb must be 10 at least."
  }
}

variable "max_slot_wal_keep_size_mb" {
  description = "MB of log that replication slots may hold back before Postgres drops the slot rather than fill the disk. A bridge that was down for longer needs a new snapshot."
  type        = number
  default     = 8192
  nullable    = false

  validation {
    condition     = var.max_slot_wal_keep_size_mb >= 1024
    error_message = "max_slot_wal_keep_size_mb must be 1024 at least."
  }
}

variable "backups" {
  description = "Daily backups kept, days of log for recovery to a point in time (1 to 7), hour (UTC, HH:MM) and location (null: the multi-region nearest)."
  type = object({
    retained   = optional(number, 14)
    log_days   = optional(number, 7)
    start_time = optional(string, "03:00")
    location   = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.backups.retained >= 1 && var.backups.retained <= 365 && var.backups.log_days >= 1 && var.backups.log_days <= 7
    error_message = "backups.retained must be from 1 to 365, and log_days from 1 to 7."
  }
  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", var.backups.start_time))
    error_message = "backups.start_time must read HH:MM."
  }
}

variable "database" {
  description = "Name of the database (PGDATABASE)."
  type        = string
  default     = "app"
  nullable    = false
}

variable "user" {
  description = "Name of the user the bridge and the seeder log in as (PGUSER). It logs in by password: the replication protocol of Debezium knows no other way here."
  type        = string
  default     = "tributary"
  nullable    = false
}

variable "password" {
  description = "The user's password, as in its secret; npm run deploy takes it from there at each apply. It is sent to Cloud SQL when the user is made or password_version changes (password_wo, which takes Terraform 1.11 or newer), and is in no state. A plan saved to a file holds it."
  type        = string
  default     = null
  sensitive   = true
}

variable "password_version" {
  description = "Raise it to send password again, after its secret got a new version."
  type        = number
  default     = 1
  nullable    = false
}

variable "iam_users" {
  description = "Accounts that log in by IAM, without a password: user@example.com, or a service account's address."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether Terraform and the API refuse to destroy the instance."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_name" {
  description = "Full name of the Cloud KMS key that encrypts the disk and its backups; null leaves that to Google's own keys."
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
