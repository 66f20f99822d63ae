variable "project_id" {
  description = "Project that everything is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the id of a project (6 to 30 of a-z, 0-9 and -), not its name or number."
  }
}

variable "topic_prefix" {
  description = "Beginning of the names of topics (TOPIC_PREFIX)."
  type        = string
  default     = "tributary."
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9._~%+-]{0,60}$", var.topic_prefix)) && !startswith(var.topic_prefix, "goog")
    error_message = "topic_prefix must begin with a letter, not with goog, and hold letters, digits and -_.~+% only."
  }
}

variable "pubsub_service_agent" {
  description = "E-mail address of Pub/Sub's service agent: it forwards dead letters and signs push tokens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@]+@[^@]+$", var.pubsub_service_agent))
    error_message = "pubsub_service_agent must be an e-mail address."
  }
}

variable "persistence_regions" {
  description = "Regions that messages may be stored in, also while they travel; empty leaves that to the organization's policy."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "retention_days" {
  description = "Days that a subscription keeps what was not acknowledged. Acknowledged messages are not kept at all: an erasure could not reach them."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.retention_days >= 1 && var.retention_days <= 31 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days must be a whole number from 1 to 31."
  }
}

variable "undeliverable_retention_days" {
  description = "Days that a message is kept which its subscriber refused until Pub/Sub gave up. An erasure does not reach it."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.undeliverable_retention_days >= 1 && var.undeliverable_retention_days <= 31 && floor(var.undeliverable_retention_days) == var.undeliverable_retention_days
    error_message = "undeliverable_retention_days must be a whole number from 1 to 31."
  }
}

variable "feature_server_pulls" {
  description = "Whether the feature server reads features itself (features.feature-push) instead of being pushed to."
  type        = bool
  default     = false
  nullable    = false
}

variable "push_subscriptions" {
  description = <<-EOT
    Subscriptions that push to a service or function, by name (without the prefix and the topic: "transform" on chain is <prefix>chain.transform):
    - topic: role of the topic: changes, dead-letter, features, chain or lake-objects;
    - endpoint: https URL that takes the POST;
    - service_account: id of the account the token is signed for (projects/…/serviceAccounts/<e-mail>), this subscription's own;
    - audience: what the token is made out to (one of OIDC_AUDIENCE);
    - event_types: types of chain events (such as warehouse.loaded) to deliver, others are dropped by Pub/Sub; empty delivers all;
    - ordered: whether messages of a key wait for each other; by default those of features do;
    - ack_deadline_seconds: how long the endpoint may take, at most 600;
    - max_delivery_attempts: after which a message goes to undeliverable, 5 to 100.
  EOT
  type = map(object({
    topic                 = string
    endpoint              = string
    service_account       = string
    audience              = string
    event_types           = optional(list(string), [])
    ordered               = optional(bool)
    ack_deadline_seconds  = optional(number, 600)
    max_delivery_attempts = optional(number, 5)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for s in values(var.push_subscriptions) : contains(["changes", "dead-letter", "features", "chain", "lake-objects"], s.topic)])
    error_message = "Each push subscription's topic must be changes, dead-letter, features, chain or lake-objects."
  }
  validation {
    condition     = alltrue([for s in values(var.push_subscriptions) : startswith(s.endpoint, "https://") && startswith(s.audience, "https://")])
    error_message = "Each push subscription's endpoint and audience must be https URLs."
  }
  validation {
    condition     = alltrue([for s in values(var.push_subscriptions) : can(regex("^projects/[^/]+/serviceAccounts/[^/@]+@[^/@]+$", s.service_account))])
    error_message = "Each push subscription's service_account must be the id of an account: projects/<project>/serviceAccounts/<e-mail>."
  }
  validation {
    condition     = alltrue([for s in values(var.push_subscriptions) : s.topic == "chain" || length(s.event_types) == 0])
    error_message = "Only subscriptions of chain have event_types."
  }
  validation {
    condition     = alltrue([for s in values(var.push_subscriptions) : s.ack_deadline_seconds >= 10 && s.ack_deadline_seconds <= 600 && s.max_delivery_attempts >= 5 && s.max_delivery_attempts <= 100])
    error_message = "ack_deadline_seconds must be from 10 to 600, and max_delivery_attempts from 5 to 100."
  }
}

variable "kms_key_name" {
  description = "Full name of the Cloud KMS key that encrypts messages; null leaves that to Google's own keys."
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
