output "datasets" {
  description = "Dataset id by name (staging, marts, ops); they are the same, but who takes one from here waits for it."
  value       = { for name, dataset in google_bigquery_dataset.this : name => dataset.dataset_id }
}

output "tables" {
  description = "Full id of each declared table (projects/…/datasets/…/tables/…), by <dataset>.<table>."
  value       = { for name, table in google_bigquery_table.this : name => table.id }
}

output "taxonomy" {
  description = "Name of the taxonomy of personal fields (projects/…/locations/…/taxonomies/…)."
  value       = google_data_catalog_taxonomy.personal.name
}

output "policy_tags" {
  description = "Name of the policy tag by class (tokenize, mask)."
  value       = { for class, tag in google_data_catalog_policy_tag.class : class => tag.name }
}
