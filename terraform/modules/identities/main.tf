locals {
  # One grant a line. Two that say the same (one of a set of roles, one of the deployable itself) are one binding.
  grants = merge(flatten([
    for name, account in var.accounts : [
      for grant in account.grants : {
        "${name}/${grant.on}/${grant.role}/${join(",", grant.prefixes)}" = {
          account  = name
          role     = grant.role
          kind     = split(":", grant.on)[0]
          target   = try(split(":", grant.on)[1], null)
          prefixes = grant.prefixes
        }
      }
    ]
  ])...)

  by_kind = {
    for kind in ["project", "bucket", "dataset", "table", "topic", "subscription", "secret", "account", "repository"] :
    kind => { for key, grant in local.grants : key => grant if grant.kind == kind }
  }

  # Accounts and roles are named by rule, so that a plan shows who may do what before anything is made. What uses a name waits for it by depends_on.
  emails  = { for name, account in var.accounts : name => "${account.id}@${var.project_id}.iam.gserviceaccount.com" }
  members = { for name, email in local.emails : name => "serviceAccount:${email}" }
  ids     = { for name, email in local.emails : name => "projects/${var.project_id}/serviceAccounts/${email}" }

  custom_roles = { for name in keys(var.custom_roles) : "custom:${name}" => "projects/${var.project_id}/roles/${var.role_prefix}${name}" }
  roles        = { for key, grant in local.grants : key => startswith(grant.role, "custom:") ? local.custom_roles[grant.role] : grant.role }
}

resource "google_service_account" "this" {
  for_each = var.accounts

  project      = var.project_id
  account_id   = each.value.id
  display_name = each.key
  description  = each.value.description
}

resource "google_project_iam_custom_role" "this" {
  for_each = var.custom_roles

  project     = var.project_id
  role_id     = "${var.role_prefix}${each.key}"
  title       = each.value.title
  description = "Made by Terraform; terraform/deployables.yaml says who needs it and why."
  permissions = each.value.permissions
  stage       = "GA"
}

resource "google_project_iam_member" "this" {
  for_each = local.by_kind.project

  project = var.project_id
  role    = local.roles[each.key]
  member  = local.members[each.value.account]

  depends_on = [google_service_account.this, google_project_iam_custom_role.this]
}

resource "google_storage_bucket_iam_member" "this" {
  for_each = local.by_kind.bucket

  bucket = var.buckets[each.value.target]
  role   = local.roles[each.key]
  member = local.members[each.value.account]

  dynamic "condition" {
    for_each = length(each.value.prefixes) > 0 ? [each.value.prefixes] : []

    content {
      title       = "objects of some names"
      description = join(" ", condition.value)
      # https://cloud.google.com/storage/docs/access-control/iam#conditions
      expression = join(" || ", [
        for prefix in condition.value : "resource.name.startsWith(\"projects/_/buckets/${var.buckets[each.value.target]}/objects/${prefix}\")"
      ])
    }
  }

  depends_on = [google_service_account.this, google_project_iam_custom_role.this]
}

resource "google_bigquery_dataset_iam_member" "this" {
  for_each = local.by_kind.dataset

  project    = var.project_id
  dataset_id = var.datasets[each.value.target]
  role       = local.roles[each.key]
  member     = local.members[each.value.account]

  depends_on = [google_service_account.this, google_project_iam_custom_role.this]
}

resource "google_bigquery_table_iam_member" "this" {
  for_each = local.by_kind.table

  project    = var.project_id
  dataset_id = split(".", each.value.target)[0]
  # Of the full id, so that the binding waits for the table.
  table_id = basename(var.tables[each.value.target])
  role     = local.roles[each.key]
  member   = local.members[each.value.account]

  depends_on = [google_service_account.this, google_project_iam_custom_role.this]
}

resource "google_pubsub_topic_iam_member" "this" {
  for_each = local.by_kind.topic

  project = var.project_id
  topic   = var.topics[each.value.target]
  role    = local.roles[each.key]
  member  = local.members[each.value.account]

  depends_on = [google_service_account.this, google_project_iam_custom_role.this]
}

resource "google_pubsub_subscription_iam_member" "this" {
  for_each = local.by_kind.subscription

  project      = var.project_id
  subscription = var.subscriptions[each.value.target]
  role         = local.roles[each.key]
  member       = local.members[each.value.account]

  depends_on = [google_service_account.this, google_project_iam_custom_role.this]
}

resource "google_secret_manager_secret_iam_member" "this" {
  for_each = local.by_kind.secret

  project   = var.project_id
  secret_id = var.secrets[each.value.target]
  role      = local.roles[each.key]
  member    = local.members[each.value.account]

  depends_on = [google_service_account.this, google_project_iam_custom_role.this]
}

resource "google_service_account_iam_member" "this" {
  for_each = local.by_kind.account

  service_account_id = local.ids[each.value.target]
  role               = local.roles[each.key]
  member             = local.members[each.value.account]

  depends_on = [google_service_account.this, google_project_iam_custom_role.this]
}

resource "google_artifact_registry_repository_iam_member" "this" {
  for_each = local.by_kind.repository

  project    = var.project_id
  repository = var.repository
  role       = local.roles[each.key]
  member     = local.members[each.value.account]

  depends_on = [google_service_account.this, google_project_iam_custom_role.this]
}
