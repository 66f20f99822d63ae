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
  description = "Name of the instance or cluster."
  type        = string
  default     = "tributary"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.name))
    error_message = "name must be at most 40 of a-z, 0-9 and -, and begin with a letter."
  }
}

variable "network_id" {
  description = "Id of the network it is reached in."
  type        = string
  nullable    = false
}

variable "subnetwork_id" {
  description = "Id of the subnet that a cluster's endpoints take their addresses from."
  type        = string
  nullable    = false
}

variable "private_services_connection" {
  description = "Id of the network's private services connection, which an instance waits for."
  type        = string
  nullable    = false
}

variable "cluster" {
  description = "Whether it is Memorystore for Redis Cluster (sharded; REDIS_CLUSTER=true) instead of one Memorystore for Redis instance."
  type        = bool
  default     = false
  nullable    = false
}

variable "high_availability" {
  description = "Whether an instance has a replica in another zone to fail over to (STANDARD_HA), and each shard of a cluster one replica."
  type        = bool
  default     = false
  nullable    = false
}

variable "memory_gb" {
  description = "GB of an instance, from 1 to 300."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.memory_gb >= 1 && var.memory_gb <= 300
    error_message = "memory_gb must be from 1 to 300."
  }
}

variable "redis_version" {
  description = "Version of an instance."
  type        = string
  default     = "REDIS_7_2"
  nullable    = false

  validation {
    condition     = contains(["REDIS_6_X", "REDIS_7_0", "REDIS_7_2"], var.redis_version)
    error_message = "redis_version must be REDIS_6_X, REDIS_7_0 or REDIS_7_2."
  }
}

variable "shards" {
  description = "Shards of a cluster."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = var.shards >= 1 && var.shards <= 250
    error_message = "shards must be from 1 to 250."
  }
}

variable "node_type" {
  description = "Size of a cluster's nodes."
  type        = string
  default     = "REDIS_HIGHMEM_MEDIUM"
  nullable    = false

  validation {
    condition     = contains(["REDIS_SHARED_CORE_NANO", "REDIS_STANDARD_SMALL", "REDIS_HIGHMEM_MEDIUM", "REDIS_HIGHMEM_XLARGE"], var.node_type)
    error_message = "node_type must be REDIS_SHARED_CORE_NANO, REDIS_STANDARD_SMALL, REDIS_HIGHMEM_MEDIUM or REDIS_HIGHMEM_XLARGE."
  }
}

variable "snapshot_period" {
  description = "How often its content is written to disk (RDB): ONE_HOUR, SIX_HOURS, TWELVE_HOURS or TWENTY_FOUR_HOURS. What a crash loses is materialized again."
  type        = string
  default     = "TWELVE_HOURS"
  nullable    = false

  validation {
    condition     = contains(["ONE_HOUR", "SIX_HOURS", "TWELVE_HOURS", "TWENTY_FOUR_HOURS"], var.snapshot_period)
    error_message = "snapshot_period must be ONE_HOUR, SIX_HOURS, TWELVE_HOURS or TWENTY_FOUR_HOURS."
  }
}

variable "auth_secret_id" {
  description = "Id of the secret that gets the AUTH string of an instance as its version (REDIS_PASSWORD). Google makes the string; it is in Terraform's state as an attribute of the instance."
  type        = string
  nullable    = false
}

variable "ca_secret_id" {
  description = "Id of the secret that gets the authorities of its certificate, PEM, as its version (REDIS_CA_FILE is its mount). They are public; a secret is what Cloud Run mounts as a file."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the API refuses to destroy a cluster. An instance knows no such protection: what it held is materialized again."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_name" {
  description = "Full name of the Cloud KMS key that encrypts memory's snapshots; null leaves that to Google's own keys."
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
