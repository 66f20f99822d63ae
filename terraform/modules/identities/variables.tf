variable "project_id" {
  description = "Project that everything is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the id of a project (6 to 30 of a-z, 0-9 and -), not its name or number."
  }
}

variable "accounts" {
  description = "Service accounts to make, by name (a deployable's, or what else runs): {id: account id, description, grants: as roles of terraform/deployables.yaml, prefixes empty where the whole is meant}."
  type = map(object({
    id          = string
    description = string
    grants = optional(list(object({
      role     = string
      on       = string
      prefixes = optional(list(string), [])
    })), [])
  }))
  nullable = false

  validation {
    condition     = alltrue([for account in values(var.accounts) : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", account.id))])
    error_message = "The id of a service account is 6 to 30 of a-z, 0-9 and -."
  }
  validation {
    condition     = length(distinct([for account in values(var.accounts) : account.id])) == length(var.accounts)
    error_message = "Each account needs an id of its own: two that share one share every right."
  }
  validation {
    condition     = alltrue(flatten([for account in values(var.accounts) : [for grant in account.grants : !contains(["roles/owner", "roles/editor", "roles/viewer"], grant.role)]]))
    error_message = "Primitive roles (owner, editor, viewer) are granted to nobody."
  }
  validation {
    condition = alltrue(flatten([for account in values(var.accounts) : [
      for grant in account.grants : grant.on != "project" || !contains(["roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator", "roles/secretmanager.secretAccessor", "roles/storage.admin", "roles/bigquery.admin"], grant.role)
    ]]))
    error_message = "Acting as accounts, reading secrets and administering stores are granted on one account, secret, bucket or dataset, never on the project."
  }
  validation {
    condition = alltrue(flatten([for account in values(var.accounts) : [
      for grant in account.grants : can(regex("^(project|repository|policy-tags|(bucket|dataset|table|topic|subscription|secret|job|account):[A-Za-z0-9._-]+)$", grant.on))
    ]]))
    error_message = "on must be project, repository, policy-tags, or bucket:, dataset:, table:, topic:, subscription:, secret:, job: or account: and a name."
  }
  validation {
    condition     = alltrue(flatten([for account in values(var.accounts) : [for grant in account.grants : length(grant.prefixes) == 0 || startswith(grant.on, "bucket:")]]))
    error_message = "Only a bucket's role can be limited to prefixes."
  }
}

variable "custom_roles" {
  description = "Roles narrower than Google's, by name: {title, permissions}. A grant names one as custom:<name>."
  type = map(object({
    title       = string
    permissions = list(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.custom_roles) : can(regex("^[a-zA-Z0-9_.]{3,50}$", name))])
    error_message = "A custom role's name holds letters, digits, _ and . only."
  }
}

variable "role_prefix" {
  description = "Beginning of the ids of custom roles. The id of a role that was removed cannot be made anew for weeks."
  type        = string
  default     = "tributary."
  nullable    = false
}

variable "buckets" {
  description = "Name of each bucket by what it is for."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "datasets" {
  description = "Dataset id by name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "tables" {
  description = "Full id of each table (projects/…/datasets/…/tables/…) by <dataset>.<table>."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "topics" {
  description = "Id of each topic (projects/…/topics/…) by role."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "subscriptions" {
  description = "Id of each subscription (projects/…/subscriptions/…) by <topic>.<group>."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "secrets" {
  description = "Id of each secret (projects/…/secrets/…) by name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "repository" {
  description = "Id of the repository of images (projects/…/locations/…/repositories/…)."
  type        = string
  default     = null
}
