package dev.tributary.pipeline.change;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonToken;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Decimals;
import dev.tributary.pipeline.contract.Field;
import dev.tributary.pipeline.contract.Pii;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.PackedRow;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Pattern;

/**
 * The fields of one stream's row, read from JSON into packed values: the fields' part of {@link
 * FastReader}.
 */
final class FastRow {
  private static final BigInteger MIN_INT64 = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MAX_INT64 = BigInteger.valueOf(Long.MAX_VALUE);

  /** With so many digits before and after the point, the unscaled value fits a long. */
  private static final int MAX_WHOLE_DIGITS = 9;

  /** A value, a field or a row that {@link MessageReader} must judge. */
  static final class Unusual extends Exception {
    private static final long serialVersionUID = 1L;

    Unusual() {
      super(null, null, false, false);
    }
  }

  private static final Unusual UNUSUAL = new Unusual();

  private final String name;
  private final byte[] nameBytes;
  private final List<Field> fields;
  private final Map<String, Integer> indexes = new HashMap<>();

  /** Interned. */
  private final String[] names;

  /** What is asked of each field, by its place in the contract. */
  private final boolean[] key;

  private final boolean[] required;
  private final boolean[] lookup;
  private final Rule[] rules;
  private final int eventTimeIndex;

  private final Bytes values = new Bytes(1024);
  private final int[] starts;
  private final int[] ends;
  private final boolean[] seen;
  private final boolean[] skimmed;
  private int seenCount;
  private int next;

  FastRow(Contract contract) {
    name = contract.stream();
    nameBytes = name.getBytes(StandardCharsets.UTF_8);
    fields = contract.storedFields();
    int count = fields.size();
    names = fields.stream().map(field -> field.name().intern()).toArray(String[]::new);
    key = new boolean[count];
    required = new boolean[count];
    lookup = new boolean[count];
    rules = new Rule[count];
    starts = new int[count];
    ends = new int[count];
    seen = new boolean[count];
    skimmed = new boolean[count];
    int eventTime = -1;
    for (int i = 0; i < count; i++) {
      Field field = fields.get(i);
      key[i] = contract.primaryKey().contains(field.name());
      required[i] = field.required() || key[i];
      lookup[i] = field.lookup() != null;
      rules[i] = new Rule(field);
      if (!lookup[i]) {
        indexes.put(field.name(), i);
      }
      if (field.name().equals(contract.eventTime())) {
        eventTime = i;
      }
    }
    eventTimeIndex = eventTime;
  }

  String name() {
    return name;
  }

  byte[] nameBytes() {
    return nameBytes;
  }

  int columns() {
    return Table.metadataColumns() + fields.size();
  }

  /** Passes over a row that is not needed, as long as it is one. */
  void skim(JsonParser json) throws IOException, Unusual {
    java.util.Arrays.fill(skimmed, false);
    next = 0;
    for (String field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
      int index = index(field);
      if (index < 0 || skimmed[index] || !json.nextToken().isScalarValue()) {
        throw UNUSUAL;
      }
      skimmed[index] = true;
    }
    expect(json.currentToken() == JsonToken.END_OBJECT);
  }

  /** Reads the row itself. */
  void read(JsonParser json) throws IOException, Unusual {
    java.util.Arrays.fill(seen, false);
    seenCount = 0;
    next = 0;
    values.truncate(0);
    for (String field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
      int index = index(field);
      JsonToken token = json.nextToken();
      expect(index >= 0 && !seen[index]);
      seen[index] = true;
      seenCount++;
      starts[index] = values.size();
      if (token == JsonToken.VALUE_NULL) {
        expect(!required[index]);
        values.putByte(PackedRow.NULL);
      } else {
        rules[index].read(json, token, values);
      }
      ends[index] = values.size();
    }
    expect(json.currentToken() == JsonToken.END_OBJECT);
  }

  /** Fields mostly come in the contract's order, and the parser interns their names. */
  @SuppressWarnings("ReferenceEquality")
  private int index(String field) {
    if (next < names.length && names[next] == field) {
      return next++;
    }
    Integer index = indexes.get(field);
    if (index == null) {
      return -1;
    }
    next = index + 1;
    return index;
  }

  /** Whether an event of this kind may have this row: no field missing that must be there. */
  boolean isComplete(char op) {
    for (int i = 0; i < seen.length; i++) {
      if (!seen[i] && (key[i] || op != 'u' && required[i])) {
        return false;
      }
    }
    return true;
  }

  /** The row's event time, or the time given where it has none; microseconds. */
  long eventTime(long otherwise) {
    if (eventTimeIndex < 0
        || !seen[eventTimeIndex]
        || values.array()[starts[eventTimeIndex]] == PackedRow.NULL) {
      return otherwise;
    }
    return Bytes.longAt(values.array(), starts[eventTimeIndex] + 1);
  }

  /** The fields that the row does not have, which keep their old value; or null. */
  String absent() {
    if (seenCount == indexes.size()) {
      return null;
    }
    StringJoiner absent = new StringJoiner(",");
    for (int i = 0; i < seen.length; i++) {
      if (!seen[i] && !lookup[i]) {
        absent.add(names[i]);
      }
    }
    return absent.toString();
  }

  /**
   * The value of a column of {@code Table.processed} that is a field, as a {@code LakeRow} has it.
   */
  Object value(int column) {
    int index = column - Table.metadataColumns();
    return seen[index] ? PackedRow.value(values.array(), starts[index]) : null;
  }

  void putValues(Bytes row) {
    for (int i = 0; i < seen.length; i++) {
      if (seen[i]) {
        row.put(values.array(), starts[i], ends[i] - starts[i]);
      } else {
        row.putByte(PackedRow.NULL);
      }
    }
  }

  private static void expect(boolean holds) throws Unusual {
    if (!holds) {
      throw UNUSUAL;
    }
  }

  /** Reads one field's value: {@code FieldReader.readStored} for the ordinary forms. */
  private static final class Rule {
    private final Field field;
    private final Pattern pattern;
    private final char[][] enumeration;
    private final long min;
    private final long max;

    /** Never read here. */
    private final boolean hard;

    Rule(Field field) {
      this.field = field;
      boolean clear = field.pii() == Pii.NONE;
      pattern = !clear || field.pattern() == null ? null : Pattern.compile(field.pattern());
      enumeration =
          !clear || field.enumeration() == null
              ? null
              : field.enumeration().stream().map(String::toCharArray).toArray(char[][]::new);
      boolean ranged = clear && (field.min() != null || field.max() != null);
      int scale =
          switch (field.type()) {
            case NUMERIC -> Decimals.SCALE;
            default -> 0;
          };
      min = bound(field.min(), scale, RoundingMode.CEILING, Long.MIN_VALUE);
      max = bound(field.max(), scale, RoundingMode.FLOOR, Long.MAX_VALUE);
      hard =
          clear
              && switch (field.type()) {
                case STRING, INT64, NUMERIC, TIMESTAMP, JSON, BOOL ->
                    enumeration != null
                        && field.type() != dev.tributary.pipeline.contract.FieldType.STRING;
                case FLOAT64 -> ranged || enumeration != null;
                case DATE, BYTES -> true;
              };
    }

    private static long bound(BigDecimal bound, int scale, RoundingMode rounding, long otherwise) {
      if (bound == null) {
        return otherwise;
      }
      BigInteger unscaled = bound.setScale(scale, rounding).unscaledValue();
      return unscaled.max(MIN_INT64).min(MAX_INT64).longValue();
    }

    void read(JsonParser json, JsonToken token, Bytes out) throws IOException, Unusual {
      expect(!hard);
      if (field.pii() != Pii.NONE) {
        expect(token == JsonToken.VALUE_STRING);
        putText(json, out);
        return;
      }
      switch (field.type()) {
        case STRING, JSON -> {
          expect(token == JsonToken.VALUE_STRING);
          checkText(json);
          putText(json, out);
        }
        case INT64 -> {
          expect(
              token == JsonToken.VALUE_NUMBER_INT
                  && json.getNumberType() != NumberType.BIG_INTEGER);
          long value = json.getLongValue();
          expect(value >= min && value <= max);
          out.putByte(PackedRow.INT64).putLong(value);
        }
        case NUMERIC -> {
          expect(token == JsonToken.VALUE_STRING);
          long unscaled =
              unscaled(json.getTextCharacters(), json.getTextOffset(), json.getTextLength());
          expect(unscaled >= min && unscaled <= max);
          PackedRow.putDecimal(out, unscaled, Decimals.SCALE);
        }
        case FLOAT64 -> {
          expect(token == JsonToken.VALUE_NUMBER_FLOAT || token == JsonToken.VALUE_NUMBER_INT);
          double value = json.getDoubleValue();
          // A decimal has no negative zero, and no infinity.
          expect(value != 0 && Double.isFinite(value));
          out.putByte(PackedRow.FLOAT64).putLong(Double.doubleToLongBits(value));
        }
        case BOOL -> {
          expect(token.isBoolean());
          out.putByte(token == JsonToken.VALUE_TRUE ? PackedRow.TRUE : PackedRow.FALSE);
        }
        case TIMESTAMP -> {
          expect(token == JsonToken.VALUE_STRING);
          long micros =
              WireTime.micros(json.getTextCharacters(), json.getTextOffset(), json.getTextLength());
          expect(micros != WireTime.NONE);
          out.putByte(PackedRow.INT64).putLong(micros);
        }
        default -> throw UNUSUAL;
      }
    }

    private static void putText(JsonParser json, Bytes out) throws IOException {
      out.putByte(PackedRow.TEXT)
          .putText(json.getTextCharacters(), json.getTextOffset(), json.getTextLength());
    }

    private void checkText(JsonParser json) throws IOException, Unusual {
      if (enumeration != null) {
        char[] characters = json.getTextCharacters();
        int offset = json.getTextOffset();
        int length = json.getTextLength();
        boolean known = false;
        for (char[] value : enumeration) {
          known |=
              java.util.Arrays.equals(value, 0, value.length, characters, offset, offset + length);
        }
        expect(known);
      }
      if (pattern != null) {
        expect(pattern.matcher(json.getText()).find());
      }
    }

    /** {@code [+-]?digits[.digits]} at the column's scale. */
    private static long unscaled(char[] text, int offset, int length) throws Unusual {
      int at = offset;
      int end = offset + length;
      expect(length > 0);
      boolean negative = text[at] == '-';
      if (negative || text[at] == '+') {
        at++;
      }
      long value = 0;
      int whole = 0;
      while (at < end && text[at] >= '0' && text[at] <= '9') {
        value = value * 10 + text[at++] - '0';
        whole++;
        expect(whole <= MAX_WHOLE_DIGITS);
      }
      expect(whole > 0);
      int fraction = 0;
      if (at < end) {
        expect(text[at++] == '.');
        while (at < end && text[at] >= '0' && text[at] <= '9') {
          value = value * 10 + text[at++] - '0';
          fraction++;
          expect(fraction <= Decimals.SCALE);
        }
        expect(fraction > 0 && at == end);
      }
      for (; fraction < Decimals.SCALE; fraction++) {
        value *= 10;
      }
      return negative ? -value : value;
    }
  }
}
