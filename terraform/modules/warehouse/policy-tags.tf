# Columns of personal fields, by the class that their contract gives them. A role on the dataset alone does not open them.

locals {
  classes = {
    tokenize = "Keyed tokens of personal values: they tell nobody's identity, but that two rows are of one person"
    mask     = "What is left of personal values once the telling part was taken away"
  }

  readers = merge([
    for class, members in var.fine_grained_readers : { for member in members : "${class} ${member}" => { class = class, member = member } }
  ]...)
}

resource "google_data_catalog_taxonomy" "personal" {
  project      = var.project_id
  region       = lower(var.location)
  display_name = "tributary"
  description  = "Personal fields of data contracts, by class"

  activated_policy_types = ["FINE_GRAINED_ACCESS_CONTROL"]
}

resource "google_data_catalog_policy_tag" "class" {
  for_each = local.classes

  taxonomy     = google_data_catalog_taxonomy.personal.id
  display_name = each.key
  description  = each.value
}

resource "google_data_catalog_policy_tag_iam_member" "reader" {
  for_each = local.readers

  policy_tag = google_data_catalog_policy_tag.class[each.value.class].name
  role       = "roles/datacatalog.categoryFineGrainedReader"
  member     = each.value.member
}
