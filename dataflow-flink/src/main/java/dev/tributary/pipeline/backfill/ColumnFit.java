package dev.tributary.pipeline.backfill;

import dev.tributary.pipeline.ConfigurationException;
import dev.tributary.pipeline.contract.FieldType;
import dev.tributary.pipeline.lake.Column;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings rows of a file, which an older contract may have written, to the columns of today's.
 *
 * <p>A column that the file lacks is null. One that today's contract lacks stays, behind the
 * others: what was stored is never dropped. A type that was widened is widened.
 */
final class ColumnFit {
  private static final long MICROS_PER_DAY = 86_400_000_000L;

  private final List<Column> columns;
  private final List<Column> today;
  private final List<Column> file;
  private final int[] source;

  /**
   * @param today the contract's columns
   * @param file the file's
   * @throws ConfigurationException BACKFILL_TYPE_CHANGED naming a column whose old values have no
   *     place in the new type
   */
  ColumnFit(List<Column> today, List<Column> file) {
    this.today = today;
    this.file = file;
    List<String> known = today.stream().map(Column::name).toList();
    columns = new ArrayList<>(today);
    file.stream().filter(column -> !known.contains(column.name())).forEach(columns::add);
    List<String> names = file.stream().map(Column::name).toList();
    source = columns.stream().mapToInt(column -> names.indexOf(column.name())).toArray();
    for (int i = 0; i < today.size(); i++) {
      if (source[i] >= 0) {
        check(file.get(source[i]), today.get(i));
      }
    }
  }

  /** Today's, then those that only the file has. */
  List<Column> columns() {
    return columns;
  }

  /** A row of the file, in {@link #columns}. */
  Object[] fit(Object[] row) {
    Object[] fitted = new Object[columns.size()];
    for (int i = 0; i < fitted.length; i++) {
      Object value = source[i] < 0 ? null : row[source[i]];
      fitted[i] =
          i < today.size() && value != null
              ? widened(value, file.get(source[i]).type(), today.get(i).type())
              : value;
    }
    return fitted;
  }

  /** Today's columns of a fitted row. */
  Object[] todays(Object[] fitted) {
    return java.util.Arrays.copyOf(fitted, today.size());
  }

  /** A re-created row in place of an old one, which keeps what only its file has. */
  Object[] replaced(Object[] recreated, Object[] old) {
    Object[] row = old.clone();
    System.arraycopy(recreated, 0, row, 0, recreated.length);
    return row;
  }

  private static void check(Column from, Column to) {
    boolean fits =
        stored(from.type()) == stored(to.type())
            || (from.type() == FieldType.INT64
                && (to.type() == FieldType.NUMERIC || to.type() == FieldType.FLOAT64))
            || (from.type() == FieldType.DATE && to.type() == FieldType.TIMESTAMP);
    if (!fits) {
      throw new ConfigurationException(
          "BACKFILL_TYPE_CHANGED",
          "Files hold %s as %s and the contract has %s now; rows beside the re-created ones would"
                  .formatted(from.name(), from.type(), to.type())
              + " not fit. Give the field a new name, or move the old files away first.");
    }
  }

  /** JSON is text in files. */
  private static FieldType stored(FieldType type) {
    return type == FieldType.JSON ? FieldType.STRING : type;
  }

  private static Object widened(Object value, FieldType from, FieldType to) {
    if (from == FieldType.INT64 && to == FieldType.NUMERIC) {
      return BigDecimal.valueOf((Long) value)
          .setScale(dev.tributary.pipeline.contract.Decimals.SCALE);
    }
    if (from == FieldType.INT64 && to == FieldType.FLOAT64) {
      return ((Long) value).doubleValue();
    }
    if (from == FieldType.DATE && to == FieldType.TIMESTAMP) {
      return (Integer) value * MICROS_PER_DAY;
    }
    return value;
  }
}
