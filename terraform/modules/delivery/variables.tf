variable "project_id" {
  description = "Project that is deployed to."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "GitHub environment whose jobs may deploy: its approvals and branch rules are the gate."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.environment))
    error_message = "environment must be a plain name such as dev."
  }
}

variable "repository" {
  description = "GitHub repository that may deploy, as owner/name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$", var.repository))
    error_message = "repository must be owner/name, as GitHub has it."
  }
}

variable "repository_owner_id" {
  description = "Number of the repository's owner (gh api users/<owner> --jq .id): a name that was given up can be taken by somebody else, a number cannot."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.repository_owner_id))
    error_message = "repository_owner_id must be a number."
  }
}

variable "people" {
  description = "Members (user:…, group:…) that deploy from their own machines: they may ask for tokens of the account that tries what was deployed."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.people : can(regex("^(user|group|serviceAccount):[^@ ]+@[^@ ]+$", member))])
    error_message = "Each of people must be user:…, group:… or serviceAccount:…."
  }
}

variable "accounts" {
  description = "Full name (projects/…/serviceAccounts/…) of each account that deployables run as, by name: the deployer acts as each of them, and as no other."
  type        = map(string)
  nullable    = false
}

variable "smoke_account" {
  description = "Full name of the account that tries what was deployed."
  type        = string
  nullable    = false
}

variable "secrets" {
  description = "Id of each secret that a deploy reads, by name: the database's password, which Terraform hands on, and the PII keys, until Dataflow has its copy."
  type        = map(string)
  nullable    = false
}
