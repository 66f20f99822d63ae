package dev.tributary.pipeline.lake;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;

import dev.tributary.pipeline.contract.FieldType;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.Test;

public class ParquetRowsTest {
  private static final List<Column> COLUMNS =
      List.of(
          new Column("text", FieldType.STRING),
          new Column("whole", FieldType.INT64),
          new Column("exact", FieldType.NUMERIC),
          new Column("real", FieldType.FLOAT64),
          new Column("yes", FieldType.BOOL),
          new Column("time", FieldType.TIMESTAMP),
          new Column("day", FieldType.DATE),
          new Column("bytes", FieldType.BYTES),
          new Column("partition", null));

  private static final Object[] ROW = {
    "für \uD83D\uDE00",
    Long.MIN_VALUE,
    new BigDecimal("-99999999999999999999999999999.123456789"),
    Double.NaN,
    false,
    -1L,
    -719_162,
    "\u0000\u00FF".getBytes(StandardCharsets.ISO_8859_1),
    7
  };

  @Test
  public void everyValueComesBackAsItWasWrittenAndSoDoTheColumns() throws IOException {
    Object[] empty = new Object[ROW.length];
    byte[] file =
        ParquetEncoder.encode(
            COLUMNS, List.of(new LakeRow("a", 0, ROW), new LakeRow("b", 0, empty)));
    try (ParquetRows rows = ParquetRows.open(file)) {
      assertEquals(COLUMNS, rows.columns());
      assertArrayEquals(ROW, rows.next());
      assertArrayEquals(empty, rows.next());
      assertNull(rows.next());
    }
  }

  @Test
  public void aFileReadBackAndWrittenAgainHasTheSameBytes() throws IOException {
    byte[] file = ParquetEncoder.encode(COLUMNS, List.of(new LakeRow("a", 0, ROW)));
    try (ParquetRows rows = ParquetRows.open(file)) {
      assertArrayEquals(
          file, ParquetEncoder.encode(rows.columns(), List.of(new LakeRow("a", 0, rows.next()))));
    }
  }

  @Test
  public void oneColumnCanBeReadAlone() throws IOException {
    byte[] file = ParquetEncoder.encode(COLUMNS, List.of(new LakeRow("a", 0, ROW)));
    try (ParquetRows rows = ParquetRows.openOnly(file, "whole")) {
      assertArrayEquals(new Object[] {Long.MIN_VALUE}, rows.next());
      assertNull(rows.next());
    }
  }

  @Test
  public void bytesThatAreNoParquetAreRefused() {
    assertThrows(
        RuntimeException.class,
        () -> ParquetRows.open("PAR1 no PAR1".getBytes(StandardCharsets.UTF_8)));
  }
}
