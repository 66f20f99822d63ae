output "repository" {
  description = "Id of the repository (projects/…/locations/…/repositories/…)."
  value       = google_artifact_registry_repository.images.id
}

output "url" {
  description = "Where images are pushed to and pulled from: <region>-docker.pkg.dev/<project>/<repository>."
  value       = "${google_artifact_registry_repository.images.location}-docker.pkg.dev/${google_artifact_registry_repository.images.project}/${google_artifact_registry_repository.images.repository_id}"
}
