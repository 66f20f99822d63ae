package dev.tributary.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.util.RawValue;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * A Postgres array's text as JSON: elements in the wire encoding of docs/interfaces.md, and as
 * their exact text where that holds none (infinity, years beyond 9999).
 *
 * <p>https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
final class PostgresArray {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?");
  private static final DateTimeFormatter WIRE =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'");

  /** {@code +02}, {@code +05:30}, and the {@code +01:24:36} of years before time zones. */
  private static final DateTimeFormatter WITH_OFFSET =
      new DateTimeFormatterBuilder()
          .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
          .appendOffset("+HH:mm:ss", "Z")
          .toFormatter();

  private final String elementType;
  private final String text;
  private int at;

  private PostgresArray(String elementType, String text) {
    this.elementType = elementType;
    this.text = text;
    // Bounds other than the usual stand before the array: [0:2]={…}. JSON has none.
    this.at = text.startsWith("[") ? text.indexOf('=') + 1 : 0;
  }

  /**
   * @param elementType Postgres' name, such as {@code int4}
   * @throws IllegalArgumentException where the text is no array, without quoting it
   */
  static String toJson(String elementType, String text) {
    try {
      PostgresArray array = new PostgresArray(elementType, text);
      String json = array.array().toString();
      if (array.at == text.length()) {
        return json;
      }
    } catch (StringIndexOutOfBoundsException e) {
      // Said below.
    }
    throw new IllegalArgumentException(
        "an array of " + elementType + " is not in the form that Postgres writes");
  }

  private ArrayNode array() {
    ArrayNode elements = NODES.arrayNode();
    expect('{');
    if (text.charAt(at) == '}') {
      at++;
      return elements;
    }
    while (true) {
      elements.add(element());
      if (text.charAt(at) == '}') {
        at++;
        return elements;
      }
      expect(delimiter());
    }
  }

  private JsonNode element() {
    return switch (text.charAt(at)) {
      case '{' -> array();
      case '"' -> value(quoted());
      default -> {
        int start = at;
        while (text.charAt(at) != delimiter() && text.charAt(at) != '}') {
          at++;
        }
        String value = text.substring(start, at);
        yield value.equalsIgnoreCase("NULL") ? NODES.nullNode() : value(value);
      }
    };
  }

  private String quoted() {
    StringBuilder value = new StringBuilder();
    for (at++; text.charAt(at) != '"'; at++) {
      if (text.charAt(at) == '\\') {
        at++;
      }
      value.append(text.charAt(at));
    }
    at++;
    return value.toString();
  }

  /** Boxes hold commas, so their arrays do without. */
  private char delimiter() {
    return elementType.equals("box") ? ';' : ',';
  }

  private void expect(char character) {
    if (text.charAt(at) != character) {
      throw new StringIndexOutOfBoundsException();
    }
    at++;
  }

  private JsonNode value(String value) {
    return switch (elementType) {
      case "int2", "int4", "int8", "float4", "float8" ->
          // A float may also be NaN or Infinity.
          NUMBER.matcher(value).matches()
              ? NODES.rawValueNode(new RawValue(value))
              : NODES.textNode(value);
      case "bool" -> NODES.booleanNode(value.equals("t"));
      case "bytea" -> NODES.textNode(base64(value));
      case "timestamp", "timestamptz" -> NODES.textNode(timestamp(value));
      default -> NODES.textNode(value);
    };
  }

  private static String base64(String hex) {
    return Base64.getEncoder().encodeToString(HexFormat.of().parseHex(hex.substring(2)));
  }

  /** {@code 2026-01-01 00:00:00+02} in UTC with six digits; what is no such time stays as it is. */
  private static String timestamp(String value) {
    String iso = value.replace(' ', 'T');
    try {
      LocalDateTime time =
          value.matches(".*:.*[+-]\\d\\d(:\\d\\d){0,2}")
              ? OffsetDateTime.parse(iso, WITH_OFFSET)
                  .withOffsetSameInstant(ZoneOffset.UTC)
                  .toLocalDateTime()
              : LocalDateTime.parse(iso);
      return time.getYear() >= 1 && time.getYear() <= 9999 ? WIRE.format(time) : value;
    } catch (DateTimeException e) {
      return value;
    }
  }
}
