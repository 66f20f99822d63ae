# For what people rely on: a standby for what holds data, protection against removal, keys of its own, and no test data.

project_id  = "tributary-prod"
environment = "prod"
region      = "us-central1"
runbook_url = "https://github.com/example/tributary/blob/main/docs/runbooks"

without             = ["seeder"]
deletion_protection = true
cmek                = true
bigquery_location   = "us-central1"

# 50 GiB a query and 4 TiB a day before work stops; BigQuery itself refuses at 8 TiB, and any single account at 6.
max_bytes_billed   = 53687091200
daily_bytes_budget = 4398046511104
query_quota_gib    = { project = 8192, user = 6144 }
monthly_budget     = { amount = 5000 }

database       = { tier = "db-custom-4-15360", high_availability = true, disk_size_gb = 100 }
online_store   = { memory_gb = 10, high_availability = true }
stream_workers = { machine_type = "n2-standard-4", min = 2, max = 20 }

scaling = {
  feast-server   = { min = 2, max = 40 }
  load-warehouse = { max = 20 }
}
