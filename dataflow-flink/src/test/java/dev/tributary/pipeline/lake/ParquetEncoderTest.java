package dev.tributary.pipeline.lake;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;

import dev.tributary.pipeline.contract.FieldType;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.junit.Test;

public class ParquetEncoderTest {
  private static final List<Column> COLUMNS =
      List.of(
          new Column("text", FieldType.STRING),
          new Column("amount", FieldType.NUMERIC),
          new Column("at", FieldType.TIMESTAMP),
          new Column("day", FieldType.DATE),
          new Column("real", FieldType.FLOAT64),
          new Column("flag", FieldType.BOOL),
          new Column("part", null));

  @Test
  public void everyTypeComesBackAsItWasPut() throws IOException {
    Object[] values = {
      "漢字 🎁", new BigDecimal("-12345678901234567890123456789.123456789"), -1L, -1, 0.1, true, 3
    };
    Object[] nulls = new Object[COLUMNS.size()];
    byte[] file =
        ParquetEncoder.encode(
            COLUMNS, List.of(new LakeRow("a", 0, values), new LakeRow("b", 0, nulls)));
    assertEquals(
        List.of(
            Map.of(
                "text",
                "漢字 🎁",
                "amount",
                new BigDecimal("-12345678901234567890123456789.123456789"),
                "at",
                -1L,
                "day",
                -1,
                "real",
                0.1,
                "flag",
                true,
                "part",
                3),
            Map.of()),
        TestParquet.read(file));
  }

  @Test
  public void theSchemaIsTheOneTheWarehouseLoads() {
    assertEquals(
        """
        message row {
          optional binary text (STRING);
          optional fixed_len_byte_array(16) amount (DECIMAL(38,9));
          optional int64 at (TIMESTAMP(MICROS,true));
          optional int32 day (DATE);
          optional double real;
          optional boolean flag;
          optional int32 part;
        }
        """,
        ParquetEncoder.schema(COLUMNS).toString());
  }

  @Test
  public void equalRowsGiveEqualBytes() throws IOException {
    Object[] values = {"x", new BigDecimal("1.000000000"), 5L, 1, 2.0, false, 0};
    List<LakeRow> rows = List.of(new LakeRow("a", 0, values));
    assertArrayEquals(ParquetEncoder.encode(COLUMNS, rows), ParquetEncoder.encode(COLUMNS, rows));
  }
}
