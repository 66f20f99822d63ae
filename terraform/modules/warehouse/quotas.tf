# What BigQuery itself refuses, whoever asks: the backstop behind maximumBytesBilled of each query and DAILY_BYTES_BUDGET of all.

locals {
  # The quota is counted in MiB: the default of 200 TiB a day reads 209715200. https://cloud.google.com/bigquery/docs/custom-quotas
  quotas = {
    for limit, gib in {
      "/d/project"      = var.query_gib_per_day
      "/d/project/user" = var.query_gib_per_user_per_day
    } : limit => gib * 1024 if gib != null
  }
}

resource "google_service_usage_consumer_quota_override" "query_usage" {
  provider = google-beta
  for_each = local.quotas

  project        = var.project_id
  service        = "bigquery.googleapis.com"
  metric         = urlencode("bigquery.googleapis.com/quota/query/usage")
  limit          = urlencode(each.key)
  override_value = tostring(each.value)

  # A quota that is lowered by more than a tenth is refused otherwise.
  force = true
}
