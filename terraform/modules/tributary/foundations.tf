module "project" {
  source = "../project"

  project_id        = var.project_id
  region            = var.region
  bigquery_location = var.bigquery_location
  additional_apis   = var.kubernetes == null ? [] : ["container.googleapis.com"]
  cmek              = var.cmek
  labels            = local.labels
}

locals {
  labels        = merge({ app = "tributary", environment = var.environment }, var.labels)
  kms           = module.project.kms_keys
  project_id    = module.project.project_id
  bucket_prefix = coalesce(var.bucket_prefix, var.project_id)
}

module "network" {
  source = "../network"

  project_id        = local.project_id
  region            = var.region
  subnet_cidr       = var.network.subnet_cidr
  nat               = var.network.nat
  flow_log_sampling = var.network.flow_log_sampling
  kubernetes_ranges = var.kubernetes == null ? null : { pods = var.kubernetes.pods_cidr, services = var.kubernetes.services_cidr }
  labels            = local.labels
}

module "registry" {
  source = "../registry"

  project_id   = local.project_id
  region       = var.region
  kms_key_name = local.kms["artifactregistry"]
  labels       = local.labels
}

module "storage" {
  source = "../storage"

  project_id       = local.project_id
  location         = var.region
  lake_bucket      = "${local.bucket_prefix}-lake"
  landing_bucket   = "${local.bucket_prefix}-landing"
  artifacts_bucket = "${local.bucket_prefix}-artifacts"
  keys_bucket      = "${local.bucket_prefix}-keys"
  force_destroy    = !var.deletion_protection
  kms_key_name     = local.kms["storage"]
  labels           = local.labels

  # Not of control/, where the function itself writes for each object it takes.
  notifications = {
    processed = { bucket = "lake", prefix = "processed/", topic = module.bus.topics["lake-objects"] }
  }
}

module "bus" {
  source = "../bus"

  project_id           = local.project_id
  topic_prefix         = var.topic_prefix
  pubsub_service_agent = module.project.service_agents["pubsub"]
  persistence_regions  = [var.region]
  kms_key_name         = local.kms["pubsub"]
  labels               = local.labels

  push_subscriptions = {
    for name, push in local.pushes : push.subscription => {
      topic                = push.topic
      endpoint             = "${local.urls[push.deployable]}${push.path}"
      service_account      = module.identities.ids["push-${name}"]
      audience             = local.urls[push.deployable]
      event_types          = push.events
      ack_deadline_seconds = push.ack_seconds
    } if !contains(local.on_kubernetes, push.deployable)
  }
}

module "secrets" {
  source = "../secrets"

  project_id = local.project_id
  # By its name, which a plan knows; its id is known once it is made.
  rotation_topic              = "projects/${local.project_id}/topics/${module.bus.topic_names["secret-rotation"]}"
  secretmanager_service_agent = module.project.service_agents["secretmanager"]
  replica_locations           = var.cmek ? [var.region] : []
  kms_key_name                = local.kms["secretmanager"]
  deletion_protection         = var.deletion_protection
  labels                      = local.labels
}

module "warehouse" {
  source = "../warehouse"

  project_id                 = local.project_id
  location                   = var.bigquery_location
  fine_grained_readers       = { for class in ["tokenize", "mask"] : class => module.identities.fine_grained_readers }
  query_gib_per_day          = var.query_quota_gib.project
  query_gib_per_user_per_day = var.query_quota_gib.user
  deletion_protection        = var.deletion_protection
  kms_key_name               = local.kms["bigquery"]
  labels                     = local.labels
}

module "database" {
  source = "../database"

  project_id                  = local.project_id
  region                      = var.region
  network_id                  = module.network.network_id
  private_services_connection = module.network.private_services_connection
  tier                        = var.database.tier
  high_availability           = var.database.high_availability
  disk_size_gb                = var.database.disk_size_gb
  password                    = var.database_password
  password_version            = var.database_password_version
  deletion_protection         = var.deletion_protection
  kms_key_name                = local.kms["sqladmin"]
  labels                      = local.labels
}

module "online_store" {
  source = "../online-store"

  project_id                  = local.project_id
  region                      = var.region
  network_id                  = module.network.network_id
  subnetwork_id               = module.network.subnetwork_id
  private_services_connection = module.network.private_services_connection
  memory_gb                   = var.online_store.memory_gb
  high_availability           = var.online_store.high_availability
  auth_secret_id              = module.secrets.secret_ids["redis-auth"]
  ca_secret_id                = module.secrets.secret_ids["redis-ca"]
  deletion_protection         = var.deletion_protection
  kms_key_name                = local.kms["redis"]
  labels                      = local.labels
}
