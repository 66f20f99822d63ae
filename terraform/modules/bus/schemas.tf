# Where a schema holds, Pub/Sub refuses at the door what no reader could read.
#
# A schema of Pub/Sub is one Avro record or one protocol buffer, without imports, and its JSON is theirs. The other topics have messages that no such type holds:
# - changes: key, before and after have the fields of their stream, and other producers of Debezium events write here too (dataflow-flink/README.md);
# - dead-letter: source is what its stage knows, of any form. Besides, what is refused must have a place that does not refuse;
# - chain: detail is particular to each event;
# - lake-objects and secret-rotation: Google's own messages; undeliverable: anything.
# What is published there is held to its form by platform/src/events before, and by each reader after.

resource "google_pubsub_schema" "feature_row" {
  project    = var.project_id
  name       = "${replace(var.topic_prefix, "/[^a-zA-Z0-9]+$/", "")}.feature-row"
  type       = "PROTOCOL_BUFFER"
  definition = file("${path.module}/../../../features/generated/feature-row.proto")
}
