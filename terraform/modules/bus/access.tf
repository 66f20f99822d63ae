# What Pub/Sub itself has to be allowed, so that dead letters are forwarded and pushes are signed.

resource "google_pubsub_topic_iam_member" "forwards" {
  project = var.project_id
  topic   = google_pubsub_topic.this["undeliverable"].id
  role    = "roles/pubsub.publisher"
  member  = local.agent
}

resource "google_pubsub_subscription_iam_member" "forwarded" {
  for_each = local.with_dead_letters

  project      = var.project_id
  subscription = each.value
  role         = "roles/pubsub.subscriber"
  member       = local.agent
}

# By itself the agent may do so in projects made after April 2021; older ones need the grant. On each account alone, never on the project.
# https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions#configure_for_push_authentication
resource "google_service_account_iam_member" "signs" {
  for_each = local.push_accounts

  service_account_id = each.key
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.agent
}
