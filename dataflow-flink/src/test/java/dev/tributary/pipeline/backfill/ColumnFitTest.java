package dev.tributary.pipeline.backfill;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import dev.tributary.pipeline.ConfigurationException;
import dev.tributary.pipeline.contract.FieldType;
import dev.tributary.pipeline.lake.Column;
import java.math.BigDecimal;
import java.util.List;
import org.junit.Test;

public class ColumnFitTest {
  private static final List<Column> TODAY =
      List.of(
          new Column("_event_id", FieldType.STRING),
          new Column("amount", FieldType.NUMERIC),
          new Column("ratio", FieldType.FLOAT64),
          new Column("at", FieldType.TIMESTAMP),
          new Column("tags", FieldType.JSON),
          new Column("added", FieldType.STRING));

  /** In another order, before types were widened, with a column that was dropped since. */
  private static final List<Column> FILE =
      List.of(
          new Column("_event_id", FieldType.STRING),
          new Column("dropped", FieldType.STRING),
          new Column("at", FieldType.DATE),
          new Column("ratio", FieldType.INT64),
          new Column("amount", FieldType.INT64),
          new Column("tags", FieldType.STRING));

  @Test
  public void anOldRowIsWidenedAndKeepsWhatTodayDoesNotKnow() {
    ColumnFit fit = new ColumnFit(TODAY, FILE);
    Object[] row = fit.fit(new Object[] {"e", "old", 1, 2L, Long.MAX_VALUE, "[1]"});
    assertArrayEquals(
        new Object[] {
          "e",
          new BigDecimal("9223372036854775807.000000000"),
          2.0,
          86_400_000_000L,
          "[1]",
          null,
          "old"
        },
        row);
    assertEquals("dropped", fit.columns().get(TODAY.size()).name());
    assertArrayEquals(java.util.Arrays.copyOf(row, TODAY.size()), fit.todays(row));
    Object[] recreated = {"e", BigDecimal.ONE, 1.0, 0L, null, "new"};
    assertArrayEquals(
        new Object[] {"e", BigDecimal.ONE, 1.0, 0L, null, "new", "old"},
        fit.replaced(recreated, row));
    assertArrayEquals(new Object[7], fit.fit(new Object[6]));
  }

  @Test
  public void aTypeThatOldValuesDoNotFitIsNamed() {
    ConfigurationException refused =
        assertThrows(
            ConfigurationException.class,
            () ->
                new ColumnFit(
                    List.of(new Column("amount", FieldType.INT64)),
                    List.of(new Column("amount", FieldType.STRING))));
    assertEquals("BACKFILL_TYPE_CHANGED", refused.code());
    assertTrue(refused.getMessage().contains("amount as STRING"));
  }
}
