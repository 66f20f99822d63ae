output "instance" {
  description = "Name of the instance."
  value       = google_sql_database_instance.this.name
}

output "connection_name" {
  description = "<project>:<region>:<instance>, as Cloud SQL's proxy and connectors take it."
  value       = google_sql_database_instance.this.connection_name
}

output "host" {
  description = "Private address (PGHOST)."
  value       = google_sql_database_instance.this.private_ip_address
}

output "port" {
  description = "Port (PGPORT)."
  value       = 5432
}

output "database" {
  description = "Name of the database (PGDATABASE)."
  value       = google_sql_database.app.name
}

output "user" {
  description = "Name of the user that logs in by password (PGUSER)."
  value       = google_sql_user.login.name
}
