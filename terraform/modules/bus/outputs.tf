output "topics" {
  description = "Id of each topic (projects/…/topics/…) by role: changes, dead-letter, features, chain, lake-objects, secret-rotation, undeliverable."
  value       = { for role, topic in google_pubsub_topic.this : role => topic.id }
}

output "topic_names" {
  description = "Name of each topic by role."
  value       = { for role, topic in google_pubsub_topic.this : role => topic.name }
}

output "subscriptions" {
  description = "Id of each pulled subscription (projects/…/subscriptions/…) by <topic>.<group>: changes.pipeline and dead-letter.pipeline (Dataflow), features.feature-push (feature server, where feature_server_pulls), secret-rotation.kept and undeliverable.kept (people)."
  value       = { for name, subscription in google_pubsub_subscription.pull : name => subscription.id }
}

output "push_subscriptions" {
  description = "Id of each push subscription by its name in push_subscriptions."
  value       = { for name, subscription in google_pubsub_subscription.push : name => subscription.id }
}
