variable "project_id" {
  description = "Project that the cluster is made in."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the cluster: its control plane and nodes are in several zones."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the cluster."
  type        = string
  default     = "tributary"
  nullable    = false
}

variable "network" {
  description = "Network and subnet of the nodes, which have private addresses only: {network, subnetwork: ids; pods, services: names of the subnet's secondary ranges}."
  type        = object({ network = string, subnetwork = string, pods = string, services = string })
  nullable    = false
}

variable "control_plane_cidr" {
  description = "A /28 for the control plane."
  type        = string
  default     = "172.16.0.0/28"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.control_plane_cidr)) && endswith(var.control_plane_cidr, "/28")
    error_message = "control_plane_cidr must be an IPv4 range of /28."
  }
}

variable "authorized_ranges" {
  description = "Who reaches the control plane's public address: name => range. Empty: nobody but what is in the network."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for range in values(var.authorized_ranges) : can(cidrnetmask(range)) && range != "0.0.0.0/0"])
    error_message = "authorized_ranges are IPv4 ranges, and not the whole internet."
  }
}

variable "namespace" {
  description = "Namespace that the charts of terraform/helm are installed in."
  type        = string
  default     = "tributary"
  nullable    = false
}

variable "accounts" {
  description = "Id of the Google account that each Kubernetes service account of the namespace acts as, by its name: a deployable's."
  type        = map(string)
  nullable    = false
}

variable "repository" {
  description = "Id of the repository that nodes pull images from."
  type        = string
  nullable    = false
}

variable "binary_authorization" {
  description = "Whether only images that the project's Binary Authorization policy allows may run."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to destroy the cluster."
  type        = bool
  default     = true
  nullable    = false
}

variable "labels" {
  description = "Labels of every resource that takes them."
  type        = map(string)
  default     = {}
  nullable    = false
}
