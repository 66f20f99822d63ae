package dev.tributary.pipeline.change.debezium;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.regex.Pattern;

/** The sign of a floating-point zero, which is lost where JSON is read as exact decimals. */
final class MinusZero {
  private static final ObjectMapper DOUBLES = new ObjectMapper();
  private static final Pattern WRITTEN = Pattern.compile("-0\\.0*(?![0-9])");

  private MinusZero() {}

  /**
   * @param exact what was read from the text; zeros with a sign are put in place
   */
  static void restore(JsonNode exact, String text) {
    if (!WRITTEN.matcher(text).find()) {
      return;
    }
    try {
      restore(exact, DOUBLES.readTree(text));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the text was read before", e);
    }
  }

  private static void restore(JsonNode exact, JsonNode doubles) {
    if (exact instanceof ObjectNode object) {
      object.fieldNames().forEachRemaining(name -> restoreIn(object, name, doubles.get(name)));
    } else if (exact instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        if (isMinusZero(doubles.get(i))) {
          array.set(i, doubles.get(i));
        } else {
          restore(array.get(i), doubles.get(i));
        }
      }
    }
  }

  private static void restoreIn(ObjectNode object, String name, JsonNode value) {
    if (isMinusZero(value)) {
      object.replace(name, value);
    } else {
      restore(object.get(name), value);
    }
  }

  private static boolean isMinusZero(JsonNode value) {
    return value.isDouble() && Double.compare(value.doubleValue(), -0.0) == 0;
  }
}
