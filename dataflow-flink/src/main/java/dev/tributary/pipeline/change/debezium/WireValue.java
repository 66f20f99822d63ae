package dev.tributary.pipeline.change.debezium;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.contract.Decimals;
import dev.tributary.pipeline.contract.Field;
import dev.tributary.pipeline.contract.FieldType;
import dev.tributary.pipeline.contract.Nearest;
import dev.tributary.pipeline.contract.OnUnrepresentable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * One field's value in the wire encoding of docs/interfaces.md, from what a producer of Debezium
 * events wrote. The same as {@code run-services/debezium-bridge/src/value.ts} where both read it;
 * what could mean two things is refused, with the setting of the producer that would tell.
 */
final class WireValue {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final JsonNodeFactory NODES = JsonNodeFactory.withExactBigDecimals(true);
  private static final BigInteger MIN_INT64 = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MAX_INT64 = BigInteger.valueOf(Long.MAX_VALUE);

  /** Beyond ±(2^53−1), an integer is text on the wire. */
  private static final long MAX_SAFE_INTEGER = (1L << 53) - 1;

  private static final Pattern WHOLE = Pattern.compile("[+-]?\\d{1,99}(\\.0{0,99})?");
  private static final Pattern DECIMAL =
      Pattern.compile("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d{1,6})?");
  private static final Pattern NOT_FINITE =
      Pattern.compile("(?i)nan|(positive_|negative_|[+-])?inf(inity)?");
  private static final Pattern BASE64 =
      Pattern.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?");
  private static final Pattern BASE64_URL = Pattern.compile("[A-Za-z0-9_-]*={0,2}");
  private static final Pattern HEX = Pattern.compile("(?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+");

  private static final String SEND_SCHEMAS =
      "let the producer send schemas (value.converter.schemas.enable=true)";

  private final Field field;
  private final ConnectSchema schema;
  private final ValueOrigin origin;

  /**
   * @param schema the column's, or null
   */
  private WireValue(Field field, ConnectSchema schema, ValueOrigin origin) {
    this.field = field;
    this.schema = schema;
    this.origin = origin;
  }

  /**
   * @param schema the column's, or null where none was sent
   * @throws Refusal naming the field; never its value
   */
  static JsonNode of(Field field, ConnectSchema schema, JsonNode value, ValueOrigin origin)
      throws Refusal {
    if (value.isNull()) {
      return value;
    }
    JsonNode plain =
        schema == null ? PlainValue.variableScaleDecimal(value) : PlainValue.of(schema, value);
    return new WireValue(field, schema, origin).read(plain);
  }

  private JsonNode read(JsonNode value) throws Refusal {
    return switch (field.type()) {
      case STRING -> string(value);
      case INT64 -> int64(value);
      case NUMERIC -> numeric(value);
      case FLOAT64 -> float64(value);
      case BOOL -> bool(value);
      case TIMESTAMP -> timestamp(value);
      case DATE -> date(value);
      case BYTES -> bytes(value);
      case JSON -> json(value);
    };
  }

  private JsonNode string(JsonNode value) throws Refusal {
    if (value.isTextual()) {
      return value;
    }
    if (schema != null && schema.meaning().endsWith("Duration")) {
      throw ambiguous(
          "is an interval in microseconds, which months and days are not",
          "set interval.handling.mode=string");
    }
    throw violation("text");
  }

  private JsonNode int64(JsonNode value) throws Refusal {
    BigInteger whole;
    if (value.isNumber() && isWhole(value.decimalValue())) {
      whole = value.decimalValue().toBigInteger();
    } else if (value.isTextual()) {
      refuseEncodedDecimal(value.textValue());
      if (!WHOLE.matcher(value.textValue()).matches()) {
        throw violation("a whole number");
      }
      whole = new BigDecimal(value.textValue()).toBigInteger();
    } else {
      throw violation("a whole number");
    }
    if (whole.compareTo(MIN_INT64) < 0 || whole.compareTo(MAX_INT64) > 0) {
      return unrepresentable(
          "a whole number of 64 bits", NODES.textNode(Nearest.integer(whole).toString()));
    }
    long number = whole.longValue();
    return Math.abs(number) <= MAX_SAFE_INTEGER && number != Long.MIN_VALUE
        ? NODES.numberNode(number)
        : NODES.textNode(whole.toString());
  }

  private JsonNode numeric(JsonNode value) throws Refusal {
    if (value.isNumber()) {
      return decimal(value.decimalValue());
    }
    if (!value.isTextual()) {
      throw violation("a decimal number");
    }
    String text = value.textValue();
    if (NOT_FINITE.matcher(text).matches()) {
      BigDecimal nearest = Nearest.ofNotFinite(text);
      return unrepresentable(
          "a finite decimal number",
          nearest == null ? null : NODES.textNode(nearest.toPlainString()));
    }
    refuseEncodedDecimal(text);
    if (!DECIMAL.matcher(text).matches()) {
      throw violation("a decimal number");
    }
    return decimal(new BigDecimal(text));
  }

  /** Digits after the point stay as they came, unless they are too many and zero. */
  private JsonNode decimal(BigDecimal number) throws Refusal {
    BigDecimal stripped = number.signum() == 0 ? BigDecimal.ZERO : number.stripTrailingZeros();
    int wholeDigits = stripped.precision() - stripped.scale();
    if (stripped.scale() > Decimals.SCALE || wholeDigits > Decimals.PRECISION - Decimals.SCALE) {
      return unrepresentable(
          "at most 29 digits before the point and 9 after",
          NODES.textNode(Nearest.decimal(number).toPlainString()));
    }
    int scale = Math.max(0, Math.min(number.scale(), Decimals.SCALE));
    return TextNode.valueOf(number.setScale(scale).toPlainString());
  }

  /**
   * Without its schema, Debezium's default for decimals is base64 of digits whose point is nowhere
   * told. Four, eight, … digits may be that or a number.
   */
  private void refuseEncodedDecimal(String text) throws Refusal {
    boolean encoded = BASE64.matcher(text).matches() && !text.isEmpty();
    if (origin.typed()
        || !encoded
        || (origin.decimalsAreText() && DECIMAL.matcher(text).matches())) {
      return;
    }
    throw ambiguous(
        DECIMAL.matcher(text).matches()
            ? "is a number, or the base64 of one"
            : "is the base64 of a decimal without its scale",
        SEND_SCHEMAS + ", or set decimal.handling.mode=string");
  }

  private JsonNode float64(JsonNode value) throws Refusal {
    if (value.isNumber()) {
      return value;
    }
    String text = value.asText("");
    if (text.equals("NaN") || text.equals("Infinity") || text.equals("-Infinity")) {
      return value;
    }
    if (!value.isTextual() || !DECIMAL.matcher(text).matches()) {
      throw violation("a number");
    }
    refuseEncodedDecimal(text);
    return NODES.numberNode(new BigDecimal(text));
  }

  private JsonNode bool(JsonNode value) throws Refusal {
    if (value.isBoolean()) {
      return value;
    }
    if (origin.mysql() && value.isInt() && (value.intValue() == 0 || value.intValue() == 1)) {
      return BooleanNode.valueOf(value.intValue() == 1);
    }
    throw violation("true or false");
  }

  private JsonNode timestamp(JsonNode value) throws Refusal {
    if (value.isIntegralNumber() && !isNumberOfTime("Timestamp")) {
      throw ambiguous(
          "is a number of milli-, micro- or nanoseconds, and nothing tells which",
          SEND_SCHEMAS + ", or set time.precision.mode=isostring");
    }
    return time(value, "a timestamp", WireTime::timestamp);
  }

  private JsonNode date(JsonNode value) throws Refusal {
    // A DATE is days in every precision mode.
    JsonNode plain = schema == null && value.isIntegralNumber() ? PlainValue.date(value) : value;
    return time(plain, "a date", WireTime::date);
  }

  /** A number that its schema explains and that is past all calendars stays a number. */
  private boolean isNumberOfTime(String meaning) {
    return schema != null && schema.meaning().endsWith(meaning);
  }

  private interface TimeReader {
    String read(String text) throws WireTime.OutOfRange;
  }

  private JsonNode time(JsonNode value, String what, TimeReader reader) throws Refusal {
    if (value.isIntegralNumber()
        && (isNumberOfTime("Timestamp") || isNumberOfTime("Date") || schema == null)) {
      return outOfRange(what, value.asText());
    }
    if (!value.isTextual()) {
      throw violation(what);
    }
    try {
      return TextNode.valueOf(reader.read(value.textValue()));
    } catch (WireTime.OutOfRange e) {
      return outOfRange(what, value.textValue());
    } catch (DateTimeException e) {
      throw violation(what);
    }
  }

  private JsonNode outOfRange(String what, String text) throws Refusal {
    String nearest;
    if (field.type() == FieldType.DATE) {
      nearest = Nearest.date(text);
    } else {
      try {
        // Only too fine: cut to microseconds.
        nearest = WireTime.timestamp(text.replaceFirst("(\\.\\d{6})\\d+", "$1"));
      } catch (WireTime.OutOfRange | DateTimeException e) {
        nearest = Nearest.timestamp(text);
      }
    }
    return unrepresentable(
        what + " in the years 0001 to 9999, to the microsecond", NODES.textNode(nearest));
  }

  private JsonNode bytes(JsonNode value) throws Refusal {
    if (!value.isTextual()) {
      throw violation("bytes");
    }
    String text = value.textValue();
    boolean base64 = BASE64.matcher(text).matches();
    if (schema != null && schema.type().equals("bytes")) {
      if (!base64) {
        throw violation("bytes");
      }
      return value;
    }
    // With binary.handling.mode base64, base64-url-safe or hex, a column of bytes is one of text.
    boolean hex = HEX.matcher(text).matches();
    if (base64 && hex) {
      throw ambiguous(
          "is bytes in base64 or in hex", "set binary.handling.mode=bytes and " + SEND_SCHEMAS);
    }
    if (base64) {
      return value;
    }
    byte[] decoded;
    if (hex) {
      decoded = java.util.HexFormat.of().parseHex(text);
    } else if (BASE64_URL.matcher(text).matches()) {
      try {
        decoded = Base64.getUrlDecoder().decode(text);
      } catch (IllegalArgumentException e) {
        throw violation("bytes");
      }
    } else {
      throw violation("bytes");
    }
    return TextNode.valueOf(Base64.getEncoder().encodeToString(decoded));
  }

  private JsonNode json(JsonNode value) throws Refusal {
    if (value.isTextual()) {
      try {
        if (JSON.readTree(value.textValue()).isMissingNode()) {
          throw violation("JSON");
        }
        return value;
      } catch (JsonProcessingException e) {
        throw violation("JSON");
      }
    }
    return TextNode.valueOf(elements(value).toString());
  }

  /** Elements in the wire encoding where they have one, and as exact text where it holds none. */
  private JsonNode elements(JsonNode value) {
    if (!value.isArray()) {
      return element(PlainValue.variableScaleDecimal(value));
    }
    ArrayNode elements = NODES.arrayNode(value.size());
    value.forEach(item -> elements.add(elements(item)));
    return elements;
  }

  private JsonNode element(JsonNode value) {
    ConnectSchema items = schema == null ? null : schema.items();
    if (items == null || !value.isTextual()) {
      return value;
    }
    try {
      if (items.meaning().endsWith("Date")) {
        return TextNode.valueOf(WireTime.date(value.textValue()));
      }
      if (items.meaning().endsWith("Timestamp")) {
        return TextNode.valueOf(WireTime.timestamp(value.textValue()));
      }
      return value;
    } catch (WireTime.OutOfRange | DateTimeException e) {
      return value;
    }
  }

  private static boolean isWhole(BigDecimal number) {
    return number.signum() == 0 || number.stripTrailingZeros().scale() <= 0;
  }

  private Refusal violation(String expected) {
    return new Refusal(
        Reason.CONTRACT_VIOLATION, field.name(), field.name() + " is not " + expected + ".");
  }

  /**
   * What the contract makes of a value that the warehouse cannot hold.
   *
   * @param nearest null where nothing is near
   */
  private JsonNode unrepresentable(String expected, JsonNode nearest) throws Refusal {
    if (field.onUnrepresentable() == OnUnrepresentable.NULL) {
      return NODES.nullNode();
    }
    if (field.onUnrepresentable() == OnUnrepresentable.CLAMP && nearest != null) {
      return nearest;
    }
    throw new Refusal(
        Reason.UNREPRESENTABLE, field.name(), field.name() + " is not " + expected + ".");
  }

  private Refusal ambiguous(String what, String remedy) {
    return new Refusal(
        Reason.UNREADABLE, field.name(), field.name() + " " + what + "; " + remedy + ".");
  }
}
