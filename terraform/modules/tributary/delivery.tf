# Who deploys: CI without keys, and people who try what they deployed.
module "delivery" {
  source = "../delivery"
  count  = var.delivery == null ? 0 : 1

  project_id          = local.project_id
  environment         = var.environment
  repository          = var.delivery.repository
  repository_owner_id = var.delivery.repository_owner_id
  people              = var.delivery.people
  accounts            = module.identities.ids
  smoke_account       = module.identities.ids["smoke"]
  secrets             = { for name in ["pii-keys", "postgres-password"] : name => module.secrets.secret_ids[name] }
}
