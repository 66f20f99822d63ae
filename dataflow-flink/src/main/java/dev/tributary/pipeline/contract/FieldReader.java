package dev.tributary.pipeline.contract;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * Turns one field's wire value into what its column holds, or refuses it.
 *
 * <p>A value is a {@link String} (STRING, JSON), {@link Long} (INT64; TIMESTAMP in microseconds),
 * {@link BigDecimal} of scale 9 (NUMERIC), {@link Double}, {@link Boolean}, {@link Integer} (DATE
 * in days) or {@code byte[]}.
 */
public final class FieldReader {
  private static final BigInteger MIN_INT64 = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MAX_INT64 = BigInteger.valueOf(Long.MAX_VALUE);

  /** As people, and databases that export files, write what no number and no time is. */
  private static final Pattern NOT_FINITE = Pattern.compile("(?i)nan|[+-]?inf(inity)?");

  private static final Pattern INFINITY = Pattern.compile("(?i)[+-]?infinity");
  private static final Pattern INTEGER = Pattern.compile("-?\\d{1,40}");

  private final Field field;
  private final Pattern pattern;

  public FieldReader(Field field) {
    this.field = field;
    this.pattern = field.pattern() == null ? null : Pattern.compile(field.pattern());
  }

  public Field field() {
    return field;
  }

  /** What the field's column holds: a token or a masked value is text whatever it came from. */
  public static FieldType columnType(Field field) {
    return field.pii() == Pii.NONE ? field.type() : FieldType.STRING;
  }

  /**
   * Reads a value in the wire encoding whose PII has been dealt with.
   *
   * @param node not absent; may be null
   */
  public Object readStored(JsonNode node) throws Refusal {
    if (node.isNull()) {
      return null;
    }
    if (field.pii() != Pii.NONE) {
      // A token keeps neither the pattern nor the range of the value it stands for.
      return text(node);
    }
    return read(node, false);
  }

  /**
   * Reads a clear value as people write it in JSON files: also numbers for NUMERIC, and any RFC
   * 3339 time. All rules of the contract apply.
   */
  public Object readClear(JsonNode node) throws Refusal {
    return node.isNull() ? null : read(node, true);
  }

  /** Reads a clear value from a CSV cell; an empty cell is null. */
  public Object readCell(String cell) throws Refusal {
    if (cell.isEmpty()) {
      return null;
    }
    Object value =
        switch (field.type()) {
          case BOOL ->
              switch (cell) {
                case "true" -> true;
                case "false" -> false;
                default -> throw violation("is not true or false");
              };
          case FLOAT64 -> doubleOf(cell);
          default -> readText(cell, true);
        };
    return checked(value);
  }

  private Object read(JsonNode node, boolean lenient) throws Refusal {
    Object value =
        switch (field.type()) {
          case INT64 -> node.isTextual() ? readText(node.textValue(), lenient) : int64(node);
          case NUMERIC ->
              lenient && node.isNumber()
                  ? column(node.decimalValue())
                  : readText(text(node), lenient);
          case FLOAT64 -> node.isNumber() ? (Object) node.doubleValue() : doubleOf(text(node));
          case BOOL -> {
            if (!node.isBoolean()) {
              throw violation("is not true or false");
            }
            yield node.booleanValue();
          }
          default -> readText(text(node), lenient);
        };
    return checked(value);
  }

  private Object readText(String text, boolean lenient) throws Refusal {
    try {
      return switch (field.type()) {
        case STRING, JSON -> text;
        case INT64 -> {
          if (!INTEGER.matcher(text).matches()) {
            throw violation("is not an integer");
          }
          yield int64(new BigInteger(text));
        }
        case NUMERIC ->
            lenient && NOT_FINITE.matcher(text).matches()
                ? unrepresentable("is not finite", Nearest.ofNotFinite(text))
                : column(Decimals.parse(text));
        case TIMESTAMP ->
            lenient && INFINITY.matcher(text).matches()
                ? unrepresentable("has no end", Timestamps.parse(Nearest.timestamp(text)))
                : lenient ? Timestamps.parseLenient(text) : Timestamps.parse(text);
        case DATE ->
            lenient && INFINITY.matcher(text).matches()
                ? unrepresentable("has no end", Timestamps.parseDate(Nearest.date(text)))
                : Timestamps.parseDate(text);
        case BYTES -> Base64.getDecoder().decode(text);
        case FLOAT64, BOOL -> throw new IllegalStateException("read by the caller");
      };
    } catch (NumberFormatException e) {
      throw violation("is not a decimal number without exponent");
    } catch (DateTimeException e) {
      throw violation(
          "is not a " + (field.type() == FieldType.DATE ? "day" : "time") + " as agreed");
    } catch (IllegalArgumentException e) {
      throw violation("is not base64");
    }
  }

  private String text(JsonNode node) throws Refusal {
    if (!node.isTextual()) {
      throw violation("is not text in the wire encoding of " + field.type());
    }
    return node.textValue();
  }

  private Long int64(JsonNode node) throws Refusal {
    if (!node.isIntegralNumber()) {
      throw violation("is not an integer");
    }
    return int64(node.bigIntegerValue());
  }

  private Long int64(BigInteger value) throws Refusal {
    if (value.compareTo(MIN_INT64) < 0 || value.compareTo(MAX_INT64) > 0) {
      return unrepresentable("does not fit 64 bits", Nearest.integer(value).longValue());
    }
    return value.longValue();
  }

  private BigDecimal column(BigDecimal value) throws Refusal {
    try {
      return Decimals.toColumn(value);
    } catch (ArithmeticException e) {
      return unrepresentable(
          "does not fit 29 digits before and 9 after the point", Nearest.decimal(value));
    }
  }

  private Double doubleOf(String text) throws Refusal {
    try {
      return switch (text) {
        case "NaN" -> Double.NaN;
        case "Infinity" -> Double.POSITIVE_INFINITY;
        case "-Infinity" -> Double.NEGATIVE_INFINITY;
        // A decimal has no sign at zero.
        case "-0" -> -0.0;
        default -> new BigDecimal(text).doubleValue();
      };
    } catch (NumberFormatException e) {
      throw violation("is not a number");
    }
  }

  private Object checked(Object value) throws Refusal {
    if (field.enumeration() != null && !field.enumeration().contains(value.toString())) {
      throw violation("is none of the values allowed");
    }
    if (pattern != null && value instanceof String text && !pattern.matcher(text).find()) {
      throw violation("does not match its pattern");
    }
    if (field.min() != null || field.max() != null) {
      checkRange(value);
    }
    return value;
  }

  private void checkRange(Object value) throws Refusal {
    BigDecimal number;
    if (value instanceof BigDecimal decimal) {
      number = decimal;
    } else if (value instanceof Long integer && field.type() == FieldType.INT64) {
      number = BigDecimal.valueOf(integer);
    } else if (value instanceof Double real && Double.isFinite(real)) {
      number = new BigDecimal(real);
    } else {
      return;
    }
    if (field.min() != null && number.compareTo(field.min()) < 0) {
      throw violation("is below the least value allowed");
    }
    if (field.max() != null && number.compareTo(field.max()) > 0) {
      throw violation("is above the greatest value allowed");
    }
  }

  private Refusal violation(String rule) {
    return new Refusal(Reason.CONTRACT_VIOLATION, field.name(), field.name() + " " + rule);
  }

  /**
   * What the contract makes of a value that the column cannot hold.
   *
   * @param nearest null where nothing is near
   */
  private <T> T unrepresentable(String rule, T nearest) throws Refusal {
    if (field.onUnrepresentable() == OnUnrepresentable.NULL) {
      return null;
    }
    if (field.onUnrepresentable() == OnUnrepresentable.CLAMP && nearest != null) {
      return nearest;
    }
    throw new Refusal(Reason.UNREPRESENTABLE, field.name(), field.name() + " " + rule);
  }
}
