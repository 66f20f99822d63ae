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
  description = "Name of the network, and the beginning of the names in it."
  type        = string
  default     = "tributary"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,40}[a-z0-9])?$", var.name))
    error_message = "name must be at most 42 of a-z, 0-9 and -, and begin with a letter."
  }
}

variable "subnet_cidr" {
  description = "Range of the subnet that Cloud Run (direct VPC egress) and Dataflow workers take addresses from. Cloud Run wants a /26 at least, and holds two addresses an instance while it rolls out."
  type        = string
  default     = "10.10.0.0/22"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.subnet_cidr)) && try(tonumber(split("/", var.subnet_cidr)[1]) <= 26, false)
    error_message = "subnet_cidr must be an IPv4 range of /26 or larger."
  }
}

variable "services_prefix_length" {
  description = "Size of the range for private services access (Cloud SQL and Memorystore): 20 is a /20."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.services_prefix_length >= 16 && var.services_prefix_length <= 24
    error_message = "services_prefix_length must be from 16 to 24: each service and region takes a /24 of it."
  }
}

variable "kubernetes_ranges" {
  description = "Secondary ranges of the subnet for pods and services of a GKE cluster; null without one."
  type        = object({ pods = string, services = string })
  default     = null

  validation {
    condition     = var.kubernetes_ranges == null || try(cidrnetmask(var.kubernetes_ranges.pods) != "" && cidrnetmask(var.kubernetes_ranges.services) != "", false)
    error_message = "kubernetes_ranges must be two IPv4 ranges."
  }
}

variable "nat" {
  description = "Whether what has no public address may open connections to the internet (Cloud NAT). Google's APIs, Cloud SQL and Memorystore need none; a source database outside of Google Cloud does."
  type        = bool
  default     = false
  nullable    = false
}

variable "connector_cidr" {
  description = "A /28 for a Serverless VPC Access connector, for what cannot use direct VPC egress; null makes none."
  type        = string
  default     = null

  validation {
    condition     = var.connector_cidr == null || try(cidrnetmask(var.connector_cidr) == "255.255.255.240", false)
    error_message = "connector_cidr must be an IPv4 range of /28."
  }
}

variable "flow_log_sampling" {
  description = "Share of connections in the subnet's flow logs, from 0 (none are kept) to 1."
  type        = number
  default     = 0.1
  nullable    = false

  validation {
    condition     = var.flow_log_sampling >= 0 && var.flow_log_sampling <= 1
    error_message = "flow_log_sampling must be from 0 to 1."
  }
}

variable "labels" {
  description = "Labels of every resource that takes them."
  type        = map(string)
  default     = {}
  nullable    = false
}
