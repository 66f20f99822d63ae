resource "google_dataflow_flex_template_job" "stream" {
  provider = google-beta

  project                 = var.project_id
  region                  = var.region
  name                    = var.name
  container_spec_gcs_path = var.template
  parameters              = var.parameters

  service_account_email = var.service_account
  subnetwork            = var.subnetwork
  ip_configuration      = "WORKER_IP_PRIVATE"
  temp_location         = var.temp_location
  staging_location      = var.staging_location

  # The service keeps the state, so that a worker that dies loses none.
  enable_streaming_engine = true
  autoscaling_algorithm   = "THROUGHPUT_BASED"
  machine_type            = var.workers.machine_type
  num_workers             = var.workers.min
  max_workers             = var.workers.max
  kms_key_name            = var.kms_key_name
  labels                  = var.labels

  # What was read is brought to its end before the job goes: nothing acknowledged is lost.
  on_delete = "drain"
}
