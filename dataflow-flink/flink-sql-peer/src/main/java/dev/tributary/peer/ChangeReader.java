package dev.tributary.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Reads a change event of {@code order_lines} or {@code products} into the columns that the table
 * declares, by name. A message that cannot be read, or breaks its contract, becomes a row with a
 * {@code reason}; never nothing, and never a failure.
 */
final class ChangeReader implements DeserializationSchema<RowData> {
  private static final long serialVersionUID = 1L;
  private static final JsonFactory JSON = new JsonFactory();

  private final TypeInformation<RowData> produced;
  private final Map<String, Integer> columns = new HashMap<>();
  private final Map<String, LogicalType> types = new HashMap<>();
  private final int width;

  ChangeReader(RowType type, TypeInformation<RowData> produced) {
    this.produced = produced;
    this.width = type.getFieldCount();
    for (RowType.RowField field : type.getFields()) {
      columns.put(field.getName(), columns.size());
      types.put(field.getName(), field.getType());
    }
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return produced;
  }

  @Override
  public boolean isEndOfStream(RowData row) {
    return false;
  }

  @Override
  public RowData deserialize(byte[] message) {
    GenericRowData row = new GenericRowData(width);
    try (JsonParser json = JSON.createParser(message)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new Refused("UNREADABLE", null, "the message is not an object");
      }
      event(json, row);
      check(row);
    } catch (JsonProcessingException e) {
      row = new GenericRowData(width);
      refuse(row, new Refused("UNREADABLE", null, "the message is not JSON"));
    } catch (Refused e) {
      refuse(row, e);
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory are always readable", e);
    }
    set(row, "message", message);
    // Every row has a place in event time; the watermark never goes back for one that has none.
    TimestampData time = time(row, "event_time");
    set(row, "event_ts", TimestampData.fromEpochMillis(time == null ? 0 : time.getMillisecond()));
    return row;
  }

  private void event(JsonParser json, GenericRowData row) throws IOException, Refused {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken token = json.nextToken();
      switch (name) {
        case "event_id" -> eventId(json.getText(), row);
        case "after" -> {
          if (token == JsonToken.START_OBJECT) {
            fields(json, row);
          }
        }
        case "source" -> source(json, row);
        case "ingested_at" -> setTime(row, name, json.getText());
        case "stream", "op", "contract_version" -> set(row, name, text(json));
        default -> json.skipChildren();
      }
    }
  }

  /** The id in two halves as well: a key of 16 bytes in place of 32 characters. */
  private void eventId(String id, GenericRowData row) throws Refused {
    try {
      set(row, "id_high", Long.parseUnsignedLong(id, 0, 16, 16));
      set(row, "id_low", Long.parseUnsignedLong(id, 16, 32, 16));
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      throw new Refused("UNREADABLE", "event_id", "event_id has not its form");
    }
    set(row, "event_id", StringData.fromString(id));
  }

  private void source(JsonParser json, GenericRowData row) throws IOException, Refused {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      json.nextToken();
      switch (name) {
        case "lsn", "tx" -> set(row, name, integer(json, name));
        case "ts" -> setTime(row, "source_time", json.getText());
        default -> json.skipChildren();
      }
    }
  }

  private void fields(JsonParser json, GenericRowData row) throws IOException, Refused {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken token = json.nextToken();
      if (token == JsonToken.VALUE_NULL) {
        continue;
      }
      switch (name) {
        case "order_time", "updated_at" -> {
          String time = json.getText();
          setTime(row, "event_time", time);
          set(row, "event_hour", StringData.fromString(time.substring(0, 13)));
        }
        case "created_at" -> setTime(row, name, json.getText());
        case "customer_id", "quantity" -> set(row, name, integer(json, name));
        case "unit_price" -> set(row, name, decimal(json, name));
        default -> {
          if (!columns.containsKey(name)) {
            throw new Refused(
                "CONTRACT_VIOLATION", name, name + " is not in the stream's contract");
          }
          set(row, name, text(json));
        }
      }
    }
  }

  private void check(GenericRowData row) throws Refused {
    for (String name :
        new String[] {"event_id", "stream", "op", "lsn", "tx", "source_time", "ingested_at"}) {
      if (row.getField(columns.get(name)) == null) {
        throw new Refused("UNREADABLE", name, name + " is missing");
      }
    }
    boolean line = row.getField(columns.get("stream")).toString().equals("order_lines");
    for (String name :
        line
            ? new String[] {
              "order_line_id", "order_id", "product_id", "kind", "quantity", "unit_price"
            }
            : new String[] {"product_id", "unit_price", "created_at"}) {
      if (row.getField(columns.get(name)) == null) {
        throw violation(name, "is absent");
      }
    }
    if (time(row, "event_time") == null) {
      throw violation(line ? "order_time" : "updated_at", "is absent");
    }
    if (line) {
      String kind = row.getField(columns.get("kind")).toString();
      if (!kind.equals("purchase") && !kind.equals("return")) {
        throw violation("kind", "is neither purchase nor return");
      }
      if ((Long) row.getField(columns.get("quantity")) < 1) {
        throw violation("quantity", "is below 1");
      }
    }
  }

  private void refuse(GenericRowData row, Refused refused) {
    set(row, "reason", StringData.fromString(refused.reason));
    set(row, "field", refused.field == null ? null : StringData.fromString(refused.field));
    set(row, "problem", StringData.fromString(refused.getMessage()));
  }

  private static Long integer(JsonParser json, String name) throws IOException, Refused {
    try {
      return json.currentToken() == JsonToken.VALUE_NUMBER_INT
          ? json.getLongValue()
          : Long.parseLong(json.getText());
    } catch (NumberFormatException e) {
      throw violation(name, "is not an integer");
    }
  }

  private DecimalData decimal(JsonParser json, String name) throws IOException, Refused {
    DecimalType type = (DecimalType) types.get(name);
    try {
      BigDecimal value = new BigDecimal(json.getText());
      return DecimalData.fromBigDecimal(value, type.getPrecision(), type.getScale());
    } catch (NumberFormatException e) {
      throw violation(name, "is not a decimal number");
    }
  }

  private static StringData text(JsonParser json) throws IOException {
    return StringData.fromString(json.getText());
  }

  /** {@code YYYY-MM-DDTHH:MM:SS.ffffffZ}. */
  private void setTime(GenericRowData row, String name, String text) throws Refused {
    if (text.length() != 27 || text.charAt(10) != 'T' || text.charAt(26) != 'Z') {
      throw violation(name, "is not a timestamp");
    }
    try {
      long days =
          java.time.LocalDate.of(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10))
              .toEpochDay();
      long seconds =
          days * 86_400
              + digits(text, 11, 13) * 3_600L
              + digits(text, 14, 16) * 60L
              + digits(text, 17, 19);
      int micros = digits(text, 20, 26);
      set(
          row,
          name,
          TimestampData.fromEpochMillis(seconds * 1_000 + micros / 1_000, micros % 1_000 * 1_000));
    } catch (java.time.DateTimeException | NumberFormatException e) {
      throw violation(name, "is not a timestamp");
    }
  }

  private static int digits(String text, int from, int to) {
    return Integer.parseInt(text, from, to, 10);
  }

  private TimestampData time(GenericRowData row, String name) {
    return (TimestampData) row.getField(columns.get(name));
  }

  private void set(GenericRowData row, String name, Object value) {
    row.setField(columns.get(name), value);
  }

  private static Refused violation(String field, String problem) {
    return new Refused("CONTRACT_VIOLATION", field, field + " " + problem);
  }

  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;
    final String reason;
    final String field;

    Refused(String reason, String field, String message) {
      super(message, null, false, false);
      this.reason = reason;
      this.field = field;
    }
  }
}
