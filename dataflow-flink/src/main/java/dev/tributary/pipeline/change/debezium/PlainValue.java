package dev.tributary.pipeline.change.debezium;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.Base64;

/**
 * Undoes what Debezium's handling modes and Kafka Connect's types did to a value: numbers of days,
 * milli-, micro- and nanoseconds become ISO text, encoded decimals become decimal text. What comes
 * out says itself what it is, as values of the bridge's own engine do
 * (run-services/debezium-bridge/engine/…/Settings.java).
 */
final class PlainValue {
  private static final JsonNodeFactory NODES = JsonNodeFactory.withExactBigDecimals(true);
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long SECONDS_PER_DAY = 86_400L;

  /**
   * What the PostgreSQL driver makes of {@code infinity} and {@code -infinity}, in microseconds
   * (org.postgresql.PGStatement.DATE_POSITIVE_INFINITY): Debezium divides them like any time.
   */
  private static final BigInteger INFINITY_MICROS = BigInteger.valueOf(9_223_372_036_825_200_000L);

  private static final BigInteger MINUS_INFINITY_MICROS =
      BigInteger.valueOf(-9_223_372_036_832_400_000L);

  /** The same as days, and as the text of {@code time.precision.mode} isostring. */
  private static final long INFINITY_DAYS = -2_147_472_692L;

  private static final long MINUS_INFINITY_DAYS = -2_147_472_691L;
  private static final String INFINITY_DATE = LocalDate.ofEpochDay(INFINITY_DAYS) + "Z";
  private static final String MINUS_INFINITY_DATE = LocalDate.ofEpochDay(MINUS_INFINITY_DAYS) + "Z";
  private static final String INFINITY_TIMESTAMP = "+294247-01-10T04:00:25.2Z";
  private static final String MINUS_INFINITY_TIMESTAMP = "-290308-12-21T19:59:27.6Z";
  private static final JsonNode INFINITY = TextNode.valueOf("infinity");
  private static final JsonNode MINUS_INFINITY = TextNode.valueOf("-infinity");

  private PlainValue() {}

  /**
   * @return the value itself where its schema gives it no further meaning, or where it is not what
   *     its schema says
   */
  static JsonNode of(ConnectSchema schema, JsonNode value) {
    if (value.isNull()) {
      return value;
    }
    if (value.isArray() && schema.items() != null) {
      ArrayNode plain = NODES.arrayNode(value.size());
      value.forEach(element -> plain.add(of(schema.items(), element)));
      return plain;
    }
    return switch (schema.meaning()) {
      case "io.debezium.time.Date", "org.apache.kafka.connect.data.Date" -> date(value);
      case "io.debezium.time.IsoDate" -> known(value, INFINITY_DATE, MINUS_INFINITY_DATE);
      case "io.debezium.time.IsoTimestamp" ->
          known(value, INFINITY_TIMESTAMP, MINUS_INFINITY_TIMESTAMP);
      case "io.debezium.time.Timestamp", "org.apache.kafka.connect.data.Timestamp" ->
          timestamp(value, 1_000L);
      case "io.debezium.time.MicroTimestamp" -> timestamp(value, 1_000_000L);
      case "io.debezium.time.NanoTimestamp" -> timestamp(value, NANOS_PER_SECOND);
      case "io.debezium.time.Time", "org.apache.kafka.connect.data.Time" -> time(value, 1_000L);
      case "io.debezium.time.MicroTime" -> time(value, 1_000_000L);
      case "io.debezium.time.NanoTime" -> time(value, NANOS_PER_SECOND);
      case "org.apache.kafka.connect.data.Decimal" -> decimal(value, schema.scale());
      case "io.debezium.data.VariableScaleDecimal" -> variableScaleDecimal(value);
      default -> value;
    };
  }

  /** A {@code {"scale":…,"value":base64}} as decimal text; the value itself where it is none. */
  static JsonNode variableScaleDecimal(JsonNode value) {
    boolean form =
        value.isObject()
            && value.size() == 2
            && value.path("scale").isInt()
            && value.path("value").isTextual();
    return form ? decimal(value.get("value"), value.get("scale").intValue()) : value;
  }

  private static JsonNode decimal(JsonNode value, Integer scale) {
    if (value.isNumber()) {
      // The converter's decimal.format is NUMERIC.
      return TextNode.valueOf(value.decimalValue().toPlainString());
    }
    if (!value.isTextual() || scale == null) {
      return value;
    }
    try {
      byte[] unscaled = Base64.getDecoder().decode(value.textValue());
      return TextNode.valueOf(new BigDecimal(new BigInteger(unscaled), scale).toPlainString());
    } catch (IllegalArgumentException e) {
      return value;
    }
  }

  /** Days since 1970 as ISO text. */
  static JsonNode date(JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      return value;
    }
    long days = value.longValue();
    if (days == INFINITY_DAYS) {
      return INFINITY;
    }
    if (days == MINUS_INFINITY_DAYS) {
      return MINUS_INFINITY;
    }
    try {
      return TextNode.valueOf(LocalDate.ofEpochDay(days).toString());
    } catch (DateTimeException e) {
      return value;
    }
  }

  private static JsonNode timestamp(JsonNode value, long perSecond) {
    if (!value.isIntegralNumber()) {
      return value;
    }
    BigInteger units = value.bigIntegerValue();
    if (units.equals(inUnits(INFINITY_MICROS, perSecond))
        || isNanos(perSecond, units, Long.MAX_VALUE)) {
      return INFINITY;
    }
    if (units.equals(inUnits(MINUS_INFINITY_MICROS, perSecond))
        || isNanos(perSecond, units, Long.MIN_VALUE)) {
      return MINUS_INFINITY;
    }
    try {
      long whole = units.longValueExact();
      long nanos = Math.floorMod(whole, perSecond) * (NANOS_PER_SECOND / perSecond);
      return TextNode.valueOf(
          Instant.ofEpochSecond(Math.floorDiv(whole, perSecond), nanos).toString());
    } catch (ArithmeticException | DateTimeException e) {
      return value;
    }
  }

  /** In nanoseconds, infinity is past what 64 bits hold; Debezium keeps to their ends. */
  private static boolean isNanos(long perSecond, BigInteger units, long end) {
    return perSecond == NANOS_PER_SECOND && units.equals(BigInteger.valueOf(end));
  }

  private static BigInteger inUnits(BigInteger micros, long perSecond) {
    return micros.multiply(BigInteger.valueOf(perSecond)).divide(BigInteger.valueOf(1_000_000L));
  }

  /** {@code 24:00:00} is a time of day in Postgres, and none in Java. */
  private static JsonNode time(JsonNode value, long perSecond) {
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      return value;
    }
    long units = value.longValue();
    if (units == SECONDS_PER_DAY * perSecond) {
      return TextNode.valueOf("24:00:00Z");
    }
    try {
      long nanos = Math.multiplyExact(units, NANOS_PER_SECOND / perSecond);
      String text =
          LocalTime.ofNanoOfDay(nanos).format(java.time.format.DateTimeFormatter.ISO_TIME);
      return TextNode.valueOf(text + "Z");
    } catch (ArithmeticException | DateTimeException e) {
      // MySQL's TIME also holds durations, up to 838 hours and negative ones.
      return value;
    }
  }

  private static JsonNode known(JsonNode value, String infinity, String minusInfinity) {
    String text = value.asText("");
    if (text.equals(infinity)) {
      return INFINITY;
    }
    return text.equals(minusInfinity) ? MINUS_INFINITY : value;
  }
}
