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
  description = "Location of the datasets (BIGQUERY_LOCATION), such as US, EU or a region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(US|EU|[a-z]+-[a-z]+[0-9]+)$", var.location))
    error_message = "location must be US, EU or a region such as us-central1."
  }
}

variable "tables_file" {
  description = "Path of the declared tables; null reads contracts/generated/tables.json of this repository, which npm run contracts makes."
  type        = string
  default     = null
}

variable "fine_grained_readers" {
  description = "Who reads columns of personal fields as they are stored, by class (tokenize, mask): members such as serviceAccount:dbt@p.iam.gserviceaccount.com. Everybody else is refused such a column, also with a role on its dataset."
  type        = map(set(string))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for class in keys(var.fine_grained_readers) : contains(["tokenize", "mask"], class)])
    error_message = "fine_grained_readers is by class: tokenize or mask. Fields of class drop are never stored, those of class none carry no tag."
  }
  validation {
    condition     = alltrue([for member in flatten([for members in values(var.fine_grained_readers) : tolist(members)]) : can(regex("^(user|group|serviceAccount):.+@.+$", member))])
    error_message = "Each of fine_grained_readers must be a user:, group: or serviceAccount: with its address; never allUsers or allAuthenticatedUsers."
  }
}

variable "query_gib_per_day" {
  description = "GiB that queries of the whole project may bill a day, after which BigQuery itself refuses them (above DAILY_BYTES_BUDGET, which the platform keeps to by itself); null sets no quota. It holds for on-demand pricing."
  type        = number
  default     = null

  validation {
    condition     = var.query_gib_per_day == null || try(var.query_gib_per_day >= 1 && floor(var.query_gib_per_day) == var.query_gib_per_day, false)
    error_message = "query_gib_per_day must be a whole number of GiB, or null."
  }
}

variable "query_gib_per_user_per_day" {
  description = "The same for each account by itself; null sets no quota."
  type        = number
  default     = null

  validation {
    condition     = var.query_gib_per_user_per_day == null || try(var.query_gib_per_user_per_day >= 1 && floor(var.query_gib_per_user_per_day) == var.query_gib_per_user_per_day, false)
    error_message = "query_gib_per_user_per_day must be a whole number of GiB, or null."
  }
}

variable "time_travel_hours" {
  description = "How long BigQuery can bring back what was removed (and a person who was erased): 48 to 168 hours, in days. Fail-safe adds seven days that Google alone can reach."
  type        = number
  default     = 48
  nullable    = false

  validation {
    condition     = contains([48, 72, 96, 120, 144, 168], var.time_travel_hours)
    error_message = "time_travel_hours must be 48, 72, 96, 120, 144 or 168."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to destroy or replace a table, such as for a column that a contract no longer has."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_name" {
  description = "Full name of the Cloud KMS key that encrypts tables; null leaves that to Google's own keys."
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
