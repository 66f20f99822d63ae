package dev.tributary.pipeline.warehouse;

import com.google.api.services.bigquery.model.TableFieldSchema;
import com.google.api.services.bigquery.model.TableRow;
import com.google.api.services.bigquery.model.TableSchema;
import dev.tributary.pipeline.contract.Decimals;
import dev.tributary.pipeline.contract.FieldType;
import dev.tributary.pipeline.contract.Timestamps;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.packed.PackedRow;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Base64;
import java.util.List;

/**
 * Packed rows as BigQuery's JSON rows. Numbers and times are texts, as BigQuery writes them itself:
 * no digit is lost on the way through a JSON number.
 */
final class TableRows {
  private TableRows() {}

  /**
   * The row that begins at a position; a null column is absent.
   *
   * @param columns of the row, by its schema's number
   */
  static TableRow of(List<Column> columns, byte[] buffer, int position) {
    TableRow row = new TableRow();
    int tagAt = PackedRow.firstValue(buffer, position);
    for (Column column : columns) {
      Object value = PackedRow.value(buffer, tagAt);
      if (value != null) {
        row.set(column.name(), cell(column.type(), value));
      }
      tagAt = PackedRow.next(buffer, tagAt);
    }
    return row;
  }

  /** Types have BigQuery's names; every column is nullable, as in {@code staging}. */
  static TableSchema schema(List<Column> columns) {
    return new TableSchema()
        .setFields(
            columns.stream()
                .map(
                    column ->
                        new TableFieldSchema()
                            .setName(column.name())
                            .setType(column.type().name())
                            .setMode("NULLABLE"))
                .toList());
  }

  private static Object cell(FieldType type, Object value) {
    return switch (type) {
      case STRING, JSON, BOOL -> value;
      case INT64, FLOAT64 -> value.toString();
      case NUMERIC -> Decimals.toWire((BigDecimal) value);
      case TIMESTAMP -> Timestamps.format((Long) value);
      case DATE -> LocalDate.ofEpochDay((Integer) value).toString();
      case BYTES -> Base64.getEncoder().encodeToString((byte[]) value);
    };
  }
}
