output "secret_ids" {
  description = "Id of each secret (projects/…/secrets/…) by its name without the prefix: pii-keys, postgres-password, redis-auth, redis-ca, seeder-api-key, slack-webhook-url, google-chat-webhook-url, telegram-bot-token, openlineage-api-key."
  value       = { for key, secret in google_secret_manager_secret.this : key => secret.id }
}

output "secret_names" {
  description = "Short id of each secret, as Cloud Run and gcloud take it, by the same keys."
  value       = { for key, secret in google_secret_manager_secret.this : key => secret.secret_id }
}
