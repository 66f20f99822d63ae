package dev.tributary.pipeline.change.debezium;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A value as Kafka Connect's JsonConverter writes it: {@code {"schema":…,"payload":…}}, or the
 * payload alone where {@code schemas.enable} is false.
 *
 * @param schema null where it was not sent
 */
record ConnectJson(ConnectSchema schema, JsonNode payload) {

  static ConnectJson of(JsonNode value) {
    boolean wrapped = value.isObject() && value.has("schema") && value.has("payload");
    if (!wrapped) {
      return new ConnectJson(null, value);
    }
    JsonNode schema = value.get("schema");
    return new ConnectJson(
        schema.isObject() ? new ConnectSchema(schema) : null, value.get("payload"));
  }

  /** The schema of a row within an envelope, or null. */
  ConnectSchema schemaOf(String member) {
    return schema == null ? null : schema.field(member);
  }
}
