package dev.tributary.peer;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarBinaryType;
import org.apache.flink.table.types.logical.VarCharType;
import org.junit.Test;

public class ChangeReaderTest {
  private static final List<String> NAMES = new ArrayList<>();
  private static final RowType TYPE = type();

  private static final String LINE =
      """
      {"event_id":"00000000000000010000000000000002","stream":"order_lines","op":"c",
       "key":{"order_line_id":"1-1"},"before":null,
       "after":{"order_line_id":"1-1","order_id":"1","product_id":"P","customer_id":7,
        "kind":"purchase","quantity":3,"unit_price":"2.55","country":null,
        "order_time":"2026-11-20T06:00:01.000002Z"},
       "source":{"db":"app","schema":"shop","table":"order_lines","lsn":"26739136","tx":"761",
        "ts":"2026-11-20T06:00:02.000000Z"},
       "ingested_at":"2026-11-20T06:00:02.100000Z","contract_version":"1.0.0"}""";

  @Test
  public void aLineFillsItsColumns() {
    RowData row = read(LINE);
    assertNull(text(row, "reason"));
    assertEquals(1, row.getLong(NAMES.indexOf("id_high")));
    assertEquals(2, row.getLong(NAMES.indexOf("id_low")));
    assertEquals("order_lines", text(row, "stream"));
    assertEquals(26_739_136, row.getLong(NAMES.indexOf("lsn")));
    assertEquals("2.5500", row.getDecimal(NAMES.indexOf("unit_price"), 18, 4).toString());
    assertEquals(
        "2026-11-20T06:00:01.000002", row.getTimestamp(NAMES.indexOf("event_time"), 6).toString());
    assertEquals("2026-11-20T06", text(row, "event_hour"));
    assertNull(text(row, "country"));
    assertEquals(LINE, new String(row.getBinary(0), StandardCharsets.UTF_8));
  }

  @Test
  public void aLineThatBreaksItsContractKeepsItsIdAndItsPlaceInTime() {
    RowData row = read(LINE.replace("\"quantity\":3", "\"quantity\":0"));
    assertEquals("CONTRACT_VIOLATION", text(row, "reason"));
    assertEquals("quantity", text(row, "field"));
    assertEquals("00000000000000010000000000000002", text(row, "event_id"));
    assertEquals("2026-11-20T06:00:01", row.getTimestamp(NAMES.indexOf("event_ts"), 3).toString());
  }

  @Test
  public void whatIsCutOffIsUnreadableAndHasNoId() {
    RowData row = read(LINE.substring(0, 120));
    assertEquals("UNREADABLE", text(row, "reason"));
    assertNull(text(row, "event_id"));
    assertEquals(0, row.getTimestamp(NAMES.indexOf("event_ts"), 3).getMillisecond());
  }

  private static RowData read(String message) {
    return new ChangeReader(TYPE, null).deserialize(message.getBytes(StandardCharsets.UTF_8));
  }

  private static String text(RowData row, String name) {
    int column = NAMES.indexOf(name);
    return row.isNullAt(column) ? null : row.getString(column).toString();
  }

  /** As pipeline.sql declares the table. */
  private static RowType type() {
    List<LogicalType> types = new ArrayList<>();
    add(types, new VarBinaryType(VarBinaryType.MAX_LENGTH), "message");
    add(
        types,
        new VarCharType(VarCharType.MAX_LENGTH),
        "event_id",
        "stream",
        "op",
        "contract_version",
        "event_hour",
        "order_line_id",
        "order_id",
        "product_id",
        "kind",
        "country",
        "description",
        "category",
        "reason",
        "field",
        "problem");
    add(types, new BigIntType(), "id_high", "id_low", "lsn", "tx", "customer_id", "quantity");
    add(types, new DecimalType(18, 4), "unit_price");
    add(
        types,
        new LocalZonedTimestampType(6),
        "source_time",
        "ingested_at",
        "event_time",
        "created_at");
    add(types, new LocalZonedTimestampType(3), "event_ts");
    return RowType.of(types.toArray(LogicalType[]::new), NAMES.toArray(String[]::new));
  }

  private static void add(List<LogicalType> types, LogicalType type, String... names) {
    for (String name : names) {
      NAMES.add(name);
      types.add(type);
    }
  }
}
