# The only clock of the platform: it repairs what an event missed, and is in nobody's path.
resource "google_cloud_scheduler_job" "sweep" {
  project     = var.project_id
  region      = var.region
  name        = "tributary-sweep"
  description = "Has each function look for what its events missed (chain event sweep.tick)."
  schedule    = var.schedule
  time_zone   = "Etc/UTC"
  paused      = var.paused

  # The next tick comes in minutes, so one that fails is not repeated for long.
  retry_config {
    retry_count          = 2
    min_backoff_duration = "5s"
  }

  # A schedule sends the same each time: the function makes an id of the message's (platform/src/cloud-function/event.ts). Subscriptions filter by the attribute.
  pubsub_target {
    topic_name = var.chain_topic
    data       = base64encode(jsonencode({ type = "sweep.tick" }))
    attributes = { "ce-type" = "dev.tributary.sweep.tick.v1" }
  }
}
