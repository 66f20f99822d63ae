# Datasets and the tables that exist before dbt runs. What they are is declared in platform/src/warehouse/tables.ts and the contracts; npm run contracts writes it
# down for this module, and the platform's own migrations make the same.

locals {
  tables_file = coalesce(var.tables_file, "${path.module}/../../../contracts/generated/tables.json")
  declared    = jsondecode(file(local.tables_file))

  # Members that a column has only sometimes make the tables of different types, which a map of them cannot hold.
  tables = {
    for name, table in local.declared.tables : name => {
      dataset                  = table.dataset
      table                    = table.table
      description              = table.description
      partition_by             = table.partitionBy
      cluster_by               = table.clusterBy
      require_partition_filter = try(table.requirePartitionFilter, false)
      expiration_ms            = try(table.partitionExpirationDays * 86400000, null)
      columns = [
        for column in table.columns : {
          name        = column.name
          type        = column.type
          mode        = column.mode
          description = column.description
          pii         = try(column.pii, null)
        }
      ]
    }
  }

  encryption = var.kms_key_name == null ? [] : [var.kms_key_name]
}

resource "google_bigquery_dataset" "this" {
  for_each = local.declared.datasets

  project     = var.project_id
  dataset_id  = each.key
  description = each.value
  location    = var.location
  labels      = var.labels

  max_time_travel_hours      = tostring(var.time_travel_hours)
  delete_contents_on_destroy = !var.deletion_protection

  dynamic "default_encryption_configuration" {
    for_each = local.encryption

    content {
      kms_key_name = default_encryption_configuration.value
    }
  }
}

resource "google_bigquery_table" "this" {
  for_each = local.tables

  project             = var.project_id
  dataset_id          = google_bigquery_dataset.this[each.value.dataset].dataset_id
  table_id            = each.value.table
  description         = each.value.description
  labels              = var.labels
  deletion_protection = var.deletion_protection

  # A column that a contract got while the platform runs is made by load-warehouse, without a tag; the next apply gives it its own.
  schema = jsonencode([
    for column in each.value.columns : {
      for member, value in {
        name        = column.name
        type        = column.type
        mode        = column.mode
        description = column.description
        policyTags  = column.pii == null ? null : { names = [google_data_catalog_policy_tag.class[column.pii].name] }
      } : member => value if value != null
    }
  ])

  time_partitioning {
    type          = "DAY"
    field         = each.value.partition_by
    expiration_ms = each.value.expiration_ms
  }

  require_partition_filter = each.value.require_partition_filter
  clustering               = each.value.cluster_by

  dynamic "encryption_configuration" {
    for_each = local.encryption

    content {
      kms_key_name = encryption_configuration.value
    }
  }
}
