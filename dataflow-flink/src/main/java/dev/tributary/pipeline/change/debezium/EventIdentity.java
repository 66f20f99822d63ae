package dev.tributary.pipeline.change.debezium;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tributary.pipeline.Digest;
import java.math.BigDecimal;
import java.util.List;
import java.util.StringJoiner;

/**
 * Event ids as {@code platform/src/events/identity.ts} makes them, to the byte: the same change has
 * the same id whichever way it came.
 */
final class EventIdentity {
  /** From here on JavaScript writes whole numbers with an exponent. */
  private static final BigDecimal FIRST_WITH_EXPONENT = new BigDecimal("1e21");

  private EventIdentity() {}

  static String eventId(Position position, String canonicalKey, char op) {
    return new Digest()
        .add(position.server())
        .add(position.schema() + "." + position.table())
        .add(position.text())
        .add(canonicalKey)
        .add(String.valueOf(op))
        .id();
  }

  /**
   * The key's JSON without white space, its fields in the order of the primary key.
   *
   * @param key null in a truncate
   */
  static String canonicalKey(JsonNode key, List<String> primaryKey) {
    if (key == null) {
      return "null";
    }
    StringJoiner members = new StringJoiner(",", "{", "}");
    for (String field : primaryKey) {
      members.add(quoted(field) + ":" + value(key.path(field)));
    }
    return members.toString();
  }

  private static String value(JsonNode value) {
    if (value.isTextual()) {
      return quoted(value.textValue());
    }
    if (value.isNumber()) {
      return number(value.decimalValue());
    }
    return value.isBoolean() ? value.asText() : "null";
  }

  /** As JSON.stringify: Jackson would write the digits of an escape in capitals. */
  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean pair =
          Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (pair) {
        out.append(c).append(text.charAt(++i));
        continue;
      }
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < ' ' || Character.isSurrogate(c)) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString();
  }

  /** As ECMA-262's Number::toString writes the number with these digits. */
  private static String number(BigDecimal number) {
    BigDecimal value = number.signum() == 0 ? BigDecimal.ZERO : number.stripTrailingZeros();
    int exponent = value.precision() - value.scale() - 1;
    if (value.abs().compareTo(FIRST_WITH_EXPONENT) < 0 && exponent >= -7) {
      return value.toPlainString();
    }
    String digits = value.unscaledValue().abs().toString();
    String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    return (value.signum() < 0 ? "-" : "")
        + mantissa
        + (exponent < 0 ? "e-" : "e+")
        + Math.abs(exponent);
  }
}
