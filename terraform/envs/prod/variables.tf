variable "project_id" {
  description = "Project that everything is made in. It exists, and its billing is on."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the id of a project (6 to 30 of a-z, 0-9 and -), not its name or number."
  }
}

variable "environment" {
  description = "Name of the environment, such as dev or prod."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.environment)) && var.environment != "local"
    error_message = "environment must be a plain name such as dev; local is the laptop's."
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

variable "bigquery_location" {
  description = "Location of the datasets (BIGQUERY_LOCATION): US, EU or a region. It must hold the region, or loads from the lake cross the ocean."
  type        = string
  default     = "US"
  nullable    = false
}

variable "bucket_prefix" {
  description = "Beginning of the buckets' names, which are unique in the world; null takes the project's id."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_prefix == null || can(regex("^[a-z0-9][a-z0-9-]{1,45}$", var.bucket_prefix))
    error_message = "bucket_prefix must be at most 46 of a-z, 0-9 and -."
  }
}

variable "topic_prefix" {
  description = "Beginning of the names of topics and subscriptions (TOPIC_PREFIX)."
  type        = string
  default     = "tributary."
  nullable    = false
}

variable "images" {
  description = "Image of each service and job by digest, by deployable: <region>-docker.pkg.dev/<project>/tributary/<deployable>@sha256:…. `npm run deploy` writes it."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("@sha256:[0-9a-f]{64}$", image))])
    error_message = "Each image must end in @sha256: and 64 hexadecimal digits; a tag may be another image tomorrow."
  }
}

variable "function_sources" {
  description = "Source package of each function, by deployable: {bucket, object}. `npm run deploy` writes it."
  type        = map(object({ bucket = string, object = string }))
  default     = {}
  nullable    = false
}

variable "flex_template" {
  description = "Specification of the pipeline's Flex Template (gs://…), its name holding its content's hash. `npm run deploy` writes it; null starts no stream, and then no batch either."
  type        = string
  default     = null

  validation {
    condition     = var.flex_template == null || can(regex("^gs://[^/]+/.+\\.json$", var.flex_template))
    error_message = "flex_template must be a gs:// path of a .json."
  }
}

variable "without" {
  description = "Optional deployables of terraform/deployables.yaml that this environment does not run."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "scaling" {
  description = "What an environment says otherwise of a deployable's scaling: {min, max, concurrency}, each where given."
  type = map(object({
    min         = optional(number)
    max         = optional(number)
    concurrency = optional(number)
  }))
  default  = {}
  nullable = false
}

variable "stream_workers" {
  description = "Dataflow workers of the stream: machine type, at the start and at most."
  type        = object({ machine_type = string, min = number, max = number })
  default     = { machine_type = "n2-standard-2", min = 1, max = 4 }
  nullable    = false
}

variable "sweep_schedule" {
  description = "When to look for what events missed (cron, UTC)."
  type        = string
  default     = "*/5 * * * *"
  nullable    = false
}

variable "log_level" {
  description = "LOG_LEVEL of every process: trace, debug, info, warn or error."
  type        = string
  default     = "info"
  nullable    = false

  validation {
    condition     = contains(["trace", "debug", "info", "warn", "error"], var.log_level)
    error_message = "log_level must be trace, debug, info, warn or error."
  }
}

variable "max_bytes_billed" {
  description = "Bytes that one BigQuery job may be billed for (MAX_BYTES_BILLED)."
  type        = number
  default     = 10737418240
  nullable    = false

  validation {
    condition     = var.max_bytes_billed >= 10485760 && floor(var.max_bytes_billed) == var.max_bytes_billed
    error_message = "max_bytes_billed must be a whole number of bytes, 10 MiB at least: BigQuery bills no query less."
  }
}

variable "daily_bytes_budget" {
  description = "Bytes that BigQuery may bill a day before the platform stops work by itself (DAILY_BYTES_BUDGET); null stops nothing."
  type        = number
  default     = null

  validation {
    condition     = var.daily_bytes_budget == null || try(var.daily_bytes_budget >= var.max_bytes_billed, false)
    error_message = "daily_bytes_budget must hold one query of max_bytes_billed at least."
  }
}

variable "query_quota_gib" {
  description = "GiB that queries may bill a day before BigQuery itself refuses them: {project, user}, null each for no quota. It stands above daily_bytes_budget, for what the platform cannot see."
  type        = object({ project = optional(number), user = optional(number) })
  default     = {}
  nullable    = false
}

variable "feature_readers" {
  description = "Who may read features: e-mails, *@<domain> or * (everybody with a Google account's token for this service)."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for reader in var.feature_readers : can(regex("^(\\*|(\\*|[^@,* ]+)@[^@,* ]+)$", reader))])
    error_message = "Each of feature_readers is an e-mail, *@<domain> or *."
  }
}

variable "feature_writers" {
  description = "Who may push features and have them materialized: e-mails, or *@<domain>."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for writer in var.feature_writers : can(regex("^(\\*|[^@,* ]+)@[^@,* ]+$", writer))])
    error_message = "Each of feature_writers is an e-mail or *@<domain>."
  }
}

variable "warehouse_api_roles" {
  description = "Who may ask the warehouse API what: role => e-mails, *@<domain> or *."
  type        = map(list(string))
  default     = {}
  nullable    = false
}

variable "seeder_callers" {
  description = "Members (user:…, group:…, serviceAccount:…) that may call the seeder."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "notify_channels" {
  description = "Where notify tells of incidents: slack, google-chat, telegram. Each one's secret has to have a version."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.notify_channels, ["slack", "google-chat", "telegram"])) == 0
    error_message = "notify_channels are slack, google-chat and telegram."
  }
}

variable "telegram_chat_id" {
  description = "Chat that notify posts to (TELEGRAM_CHAT_ID); null without Telegram."
  type        = string
  default     = null
}

variable "runbook_url" {
  description = "Address of docs/runbooks, for links in messages and alerts; null names the file."
  type        = string
  default     = null

  validation {
    condition     = var.runbook_url == null || can(regex("^https?://", var.runbook_url))
    error_message = "runbook_url must be an http(s) URL."
  }
}

variable "openlineage_url" {
  description = "Receiver of OpenLineage events (OPENLINEAGE_URL); null without one. The lake keeps them all the same."
  type        = string
  default     = null
}

variable "openlineage_api_key" {
  description = "Whether the receiver of lineage asks for the key in the secret openlineage-api-key."
  type        = bool
  default     = false
  nullable    = false
}

variable "network" {
  description = "Ranges of the network: subnet, and whether what has no public address reaches the internet (nat)."
  type = object({
    subnet_cidr       = optional(string, "10.10.0.0/22")
    nat               = optional(bool, false)
    flow_log_sampling = optional(number, 0.1)
  })
  default  = {}
  nullable = false
}

variable "database" {
  description = "Cloud SQL for Postgres: tier, high_availability, disk_size_gb."
  type = object({
    tier              = optional(string, "db-custom-1-3840")
    high_availability = optional(bool, false)
    disk_size_gb      = optional(number, 20)
  })
  default  = {}
  nullable = false
}

variable "database_password" {
  description = "Password of the database's user, when it is made or changed; kept in no state. `npm run deploy` takes it from the secret postgres-password."
  type        = string
  default     = null
  sensitive   = true
}

variable "database_password_version" {
  description = "Raise it to send database_password again."
  type        = number
  default     = 1
  nullable    = false
}

variable "online_store" {
  description = "Memorystore for Redis: memory_gb, high_availability."
  type = object({
    memory_gb         = optional(number, 1)
    high_availability = optional(bool, false)
  })
  default  = {}
  nullable = false
}

variable "billing_account" {
  description = "Billing account that the budget is of, such as 012345-678901-ABCDEF; null makes no budget."
  type        = string
  default     = null
}

variable "monthly_budget" {
  description = "What the project should cost a month at most, in whole units of currency: {amount, currency}."
  type        = object({ amount = number, currency = optional(string, "USD") })
  default     = { amount = 300 }
  nullable    = false
}

variable "alert_emails" {
  description = "E-mail addresses that alerts and the budget are sent to."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@ ]+@[^@ ]+$", email))])
    error_message = "Each of alert_emails must be an e-mail address."
  }
}

variable "alert_channels" {
  description = "Notification channels that exist already (projects/…/notificationChannels/…), such as a pager: they get what is of severity page, beside alert_emails."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "cmek" {
  description = "Whether data is encrypted under keys of this project instead of Google's own."
  type        = bool
  default     = false
  nullable    = false
}

variable "binary_authorization" {
  description = "Whether only images that the project's Binary Authorization policy allows may run."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether what holds data, and what serves, refuses to be destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "kubernetes" {
  description = "A GKE Autopilot cluster for those of deployables (debezium-bridge, feast-server) that shall run there instead of on Cloud Run, and for Flink; null without one. Helm installs terraform/helm on it afterwards."
  type = object({
    deployables        = set(string)
    pods_cidr          = optional(string, "10.20.0.0/16")
    services_cidr      = optional(string, "10.21.0.0/20")
    control_plane_cidr = optional(string, "172.16.0.0/28")
    authorized_ranges  = optional(map(string), {})
  })
  default = null

  validation {
    condition     = var.kubernetes == null || length(setsubtract(try(var.kubernetes.deployables, []), ["debezium-bridge", "feast-server"])) == 0
    error_message = "On Kubernetes run debezium-bridge and feast-server; the rest is functions and jobs."
  }
}

variable "labels" {
  description = "Labels of every resource that takes them, by which costs are told apart."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "delivery" {
  description = "What deploys from GitHub without keys: {repository: owner/name, repository_owner_id: number of its owner, people: members that deploy from their own machines}; null where only an owner of the project deploys."
  type = object({
    repository          = string
    repository_owner_id = string
    people              = optional(set(string), [])
  })
  default = null
}
