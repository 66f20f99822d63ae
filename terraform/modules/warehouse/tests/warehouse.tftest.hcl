mock_provider "google" {
  override_resource {
    target = google_data_catalog_policy_tag.class["tokenize"]
    values = { name = "policyTags/tokenize" }
  }
  override_resource {
    target = google_data_catalog_policy_tag.class["mask"]
    values = { name = "policyTags/mask" }
  }
}
mock_provider "google-beta" {}

variables {
  project_id = "demo-project"
  location   = "US"
}

run "the_tables_are_those_that_are_declared" {
  command = plan

  assert {
    condition     = toset(keys(google_bigquery_table.this)) == toset(keys(jsondecode(file("../../../contracts/generated/tables.json")).tables)) && contains(keys(google_bigquery_table.this), "ops.loads")
    error_message = "The tables differ from contracts/generated/tables.json."
  }
  assert {
    condition     = toset(keys(google_bigquery_dataset.this)) == toset(["staging", "marts", "ops"])
    error_message = "dbt, Feast and the platform know staging, marts and ops."
  }
  assert {
    condition = alltrue([
      for name, table in jsondecode(file("../../../contracts/generated/tables.json")).tables :
      google_bigquery_table.this[name].time_partitioning[0].field == table.partitionBy
      && google_bigquery_table.this[name].time_partitioning[0].type == "DAY"
      && jsonencode(google_bigquery_table.this[name].clustering) == jsonencode(table.clusterBy)
      && google_bigquery_table.this[name].require_partition_filter == try(table.requirePartitionFilter, false)
    ])
    error_message = "Every table has a day's partitions, the clustering and the filter that it is declared with."
  }
  assert {
    condition     = google_bigquery_table.this["ops.costs"].require_partition_filter && !google_bigquery_table.this["staging.orders"].require_partition_filter
    error_message = "A query of what grows with every job says which days it wants; dbt reads staging whole."
  }
  assert {
    condition     = alltrue([for table in google_bigquery_table.this : table.deletion_protection])
    error_message = "No table is destroyed or replaced by default."
  }
}

run "every_personal_column_has_the_tag_of_its_class" {
  command = apply
  variables {
    deletion_protection = false
  }

  # By the contracts themselves, not by what was made of them for Terraform.
  assert {
    condition = toset([
      for entry in flatten([
        for name, table in google_bigquery_table.this : [for column in jsondecode(table.schema) : "${name}.${column.name} ${one(column.policyTags.names)}" if can(column.policyTags)]
      ]) : entry
      ]) == toset(flatten([
        for stream, contract in jsondecode(file("../../../contracts/generated/contracts.json")).streams : [
          for field in contract.fields : "staging.${stream}.${field.name} policyTags/${field.pii}" if contains(["tokenize", "mask"], field.pii)
        ]
    ]))
    error_message = "A stored field of a personal class is without the tag of its class, or another column has one."
  }
  assert {
    # What the comparison above is of.
    condition     = one([for column in jsondecode(google_bigquery_table.this["staging.customers"].schema) : column.policyTags.names if column.name == "email"]) == ["policyTags/tokenize"] && one([for column in jsondecode(google_bigquery_table.this["staging.customers"].schema) : column.policyTags.names if column.name == "ip"]) == ["policyTags/mask"]
    error_message = "An e-mail address is a token, an IP address is masked."
  }
  assert {
    condition     = !contains([for column in jsondecode(google_bigquery_table.this["staging.customers"].schema) : column.name], "address")
    error_message = "A field of class drop is no column."
  }
  assert {
    condition     = toset(google_data_catalog_taxonomy.personal.activated_policy_types) == toset(["FINE_GRAINED_ACCESS_CONTROL"]) && google_data_catalog_taxonomy.personal.region == "us"
    error_message = "A taxonomy without that type controls nothing, and it has to be where the tables are."
  }
}

run "nobody_reads_them_but_who_is_named" {
  command = apply
  variables {
    deletion_protection  = false
    fine_grained_readers = { tokenize = ["serviceAccount:tributary-dbt@demo-project.iam.gserviceaccount.com"] }
  }

  assert {
    condition     = { for reader in google_data_catalog_policy_tag_iam_member.reader : reader.member => reader.role } == { "serviceAccount:tributary-dbt@demo-project.iam.gserviceaccount.com" = "roles/datacatalog.categoryFineGrainedReader" }
    error_message = "One account reads one class."
  }
}

run "by_default_nobody_is_named" {
  command = plan

  assert {
    condition     = length(google_data_catalog_policy_tag_iam_member.reader) == 0
    error_message = "No reader is made up."
  }
}

run "partitions_go_when_the_contract_says" {
  command = plan
  variables {
    tables_file = "tests/retention.json"
  }

  assert {
    condition     = google_bigquery_table.this["staging.visits"].time_partitioning[0].expiration_ms == 2592000000
    error_message = "30 days in milliseconds."
  }
  assert {
    condition     = toset(keys(google_bigquery_dataset.this)) == toset(["staging"])
    error_message = "Datasets are those of the file."
  }
}

run "bigquery_itself_refuses_what_costs_too_much" {
  command = plan
  variables {
    query_gib_per_day          = 2048
    query_gib_per_user_per_day = 512
  }

  assert {
    condition     = { for quota in google_service_usage_consumer_quota_override.query_usage : quota.limit => quota.override_value } == { "%2Fd%2Fproject" = "2097152", "%2Fd%2Fproject%2Fuser" = "524288" }
    error_message = "The quotas are MiB a day, of the project and of each user."
  }
  assert {
    condition     = alltrue([for quota in google_service_usage_consumer_quota_override.query_usage : quota.metric == "bigquery.googleapis.com%2Fquota%2Fquery%2Fusage" && quota.service == "bigquery.googleapis.com"])
    error_message = "The quota is of the bytes that queries bill."
  }
}

run "without_figures_there_are_no_quotas" {
  command = plan

  assert {
    condition     = length(google_service_usage_consumer_quota_override.query_usage) == 0
    error_message = "Null is no quota."
  }
}

run "everything_is_under_the_key_and_forgets_in_two_days" {
  command = plan
  variables {
    kms_key_name = "projects/demo-project/locations/us/keyRings/tributary/cryptoKeys/bigquery"
  }

  assert {
    condition     = alltrue([for dataset in google_bigquery_dataset.this : dataset.default_encryption_configuration[0].kms_key_name == var.kms_key_name]) && alltrue([for table in google_bigquery_table.this : table.encryption_configuration[0].kms_key_name == var.kms_key_name])
    error_message = "Datasets, for what dbt makes, and tables."
  }
  assert {
    condition     = alltrue([for dataset in google_bigquery_dataset.this : dataset.max_time_travel_hours == "48" && !dataset.delete_contents_on_destroy])
    error_message = "Time travel brings erased persons back: the least there is."
  }
}

run "what_cannot_be_is_refused" {
  command = plan
  variables {
    location             = "us"
    time_travel_hours    = 50
    query_gib_per_day    = 0.5
    fine_grained_readers = { drop = ["allUsers"] }
  }

  expect_failures = [var.location, var.time_travel_hours, var.query_gib_per_day, var.fine_grained_readers]
}
