# An environment to try things in: small, without protection against its own removal, with a seeder that writes test data.

project_id  = "tributary-dev"
environment = "dev"
region      = "us-central1"
runbook_url = "https://github.com/example/tributary/blob/main/docs/runbooks"

log_level           = "debug"
deletion_protection = false

# 10 GiB a query and 200 GiB a day before work stops; BigQuery itself refuses at 500.
max_bytes_billed   = 10737418240
daily_bytes_budget = 214748364800
query_quota_gib    = { project = 500 }
monthly_budget     = { amount = 300 }

database       = { tier = "db-custom-1-3840", disk_size_gb = 20 }
online_store   = { memory_gb = 1 }
stream_workers = { machine_type = "n2-standard-2", min = 1, max = 2 }
