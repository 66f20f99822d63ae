package dev.tributary.pipeline.change.debezium;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Set;
import java.util.UUID;

/**
 * How Debezium says that it does not know a value: a large (TOAST) value that an update did not
 * touch is not in Postgres' log, unless the table has REPLICA IDENTITY FULL. Never to be taken for
 * a value. The same forms as {@code run-services/debezium-bridge/src/unavailable.ts} knows.
 */
final class UnavailableValue {
  /**
   * https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-property-unavailable-value-placeholder
   */
  private static final String PLACEHOLDER = "__debezium_unavailable_value";

  private static final byte[] BYTES = PLACEHOLDER.getBytes(StandardCharsets.UTF_8);
  private static final String BASE64 = Base64.getEncoder().encodeToString(BYTES);
  private static final String MAP = "{\"%s\":\"%s\"}".formatted(PLACEHOLDER, PLACEHOLDER);

  /** A column's own forms: text, bytes, hstore as JSON text. */
  private static final Set<String> FORMS = Set.of(PLACEHOLDER, BASE64, MAP);

  /** An array's only element; of a uuid array it is the placeholder's name-based UUID. */
  private static final Set<String> ELEMENTS =
      Set.of(PLACEHOLDER, BASE64, UUID.nameUUIDFromBytes(BYTES).toString());

  private UnavailableValue() {}

  static boolean is(JsonNode value) {
    if (value.isTextual()) {
      return FORMS.contains(value.textValue());
    }
    if (value.isObject()) {
      // hstore as a map
      return value.size() == 1 && value.path(PLACEHOLDER).asText("").equals(PLACEHOLDER);
    }
    if (!value.isArray()) {
      return false;
    }
    if (value.size() == 1) {
      return value.get(0).isTextual() && ELEMENTS.contains(value.get(0).textValue());
    }
    return value.size() == BYTES.length && holdsTheBytes(value);
  }

  /** Integer and date arrays: the placeholder's bytes, one an element. */
  private static boolean holdsTheBytes(JsonNode array) {
    for (int i = 0; i < BYTES.length; i++) {
      if (!array.get(i).isIntegralNumber() || array.get(i).intValue() != BYTES[i]) {
        return false;
      }
    }
    return true;
  }
}
