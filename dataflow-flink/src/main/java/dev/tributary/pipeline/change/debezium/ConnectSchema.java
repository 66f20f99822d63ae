package dev.tributary.pipeline.change.debezium;

import com.fasterxml.jackson.databind.JsonNode;

/** A schema of Kafka Connect in JsonConverter's form. */
record ConnectSchema(JsonNode json) {

  /** {@code int32}, {@code string}, {@code bytes}, {@code struct}, …; never null. */
  String type() {
    return json.path("type").asText("");
  }

  /** What the value means, such as {@code io.debezium.time.Date}; empty where it is plain. */
  String meaning() {
    return json.path("name").asText("");
  }

  /** The schema of a struct's member, or null. */
  ConnectSchema field(String name) {
    for (JsonNode field : json.path("fields")) {
      if (field.path("field").asText("").equals(name)) {
        return new ConnectSchema(field);
      }
    }
    return null;
  }

  /** The schema of an array's elements, or null. */
  ConnectSchema items() {
    JsonNode items = json.path("items");
    return items.isObject() ? new ConnectSchema(items) : null;
  }

  /** Digits after the point of a {@code Decimal}, or null where the schema does not say. */
  Integer scale() {
    String scale = json.path("parameters").path("scale").asText("");
    return scale.matches("-?\\d{1,5}") ? Integer.valueOf(scale) : null;
  }
}
