output "emails" {
  description = "E-mail address of each account by name, once what it may do is granted: a process that started before would meet refusals."
  value       = local.emails
  depends_on = [
    google_project_iam_member.this,
    google_storage_bucket_iam_member.this,
    google_bigquery_dataset_iam_member.this,
    google_bigquery_table_iam_member.this,
    google_pubsub_topic_iam_member.this,
    google_pubsub_subscription_iam_member.this,
    google_secret_manager_secret_iam_member.this,
    google_service_account_iam_member.this,
    google_artifact_registry_repository_iam_member.this,
  ]
}

output "members" {
  description = "Each account as IAM names it (serviceAccount:…), by name."
  value       = local.members
  depends_on  = [google_service_account.this]
}

output "ids" {
  description = "Id of each account (projects/…/serviceAccounts/…) by name."
  value       = local.ids
  depends_on  = [google_service_account.this]
}

output "custom_roles" {
  description = "Full name of each custom role (projects/…/roles/…) by name."
  value       = { for name in keys(var.custom_roles) : name => local.custom_roles["custom:${name}"] }
  depends_on  = [google_project_iam_custom_role.this]
}

output "job_runners" {
  description = "Who runs which Cloud Run job, by a name of the grant: {job, role, member}. The job's own module binds them, for a binding needs the job."
  value = {
    for key, grant in local.grants : key => {
      job    = grant.target
      role   = local.roles[key]
      member = local.members[grant.account]
    } if grant.kind == "job"
  }
  depends_on = [google_service_account.this, google_project_iam_custom_role.this]
}

output "fine_grained_readers" {
  description = "Members that read columns of personal fields as they are stored. The warehouse binds them to its policy tags."
  value       = toset([for key, grant in local.grants : local.members[grant.account] if grant.kind == "policy-tags"])
  depends_on  = [google_service_account.this]
}
