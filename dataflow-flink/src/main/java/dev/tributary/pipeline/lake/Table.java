package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.FieldReader;
import dev.tributary.pipeline.contract.FieldType;
import java.util.ArrayList;
import java.util.List;

/** The columns of lake files, in order: docs/interfaces.md#lake. */
public final class Table {
  /** Each message as it came. */
  public static final String RAW = "raw";

  /** Rows typed by their contract. */
  public static final String PROCESSED = "processed";

  /** Streams no contract knows. */
  public static final String UNKNOWN_STREAM = "_unknown";

  /** Messages that a producer of changes sends about itself: no rows, and no faults. */
  public static final String CONTROL_STREAM = "_control";

  private static final List<Column> RAW_COLUMNS =
      List.of(
          new Column("event_id", FieldType.STRING),
          new Column("stream", FieldType.STRING),
          new Column("message", FieldType.BYTES),
          new Column("attributes", FieldType.STRING),
          new Column("topic", FieldType.STRING),
          new Column("partition", null),
          new Column("offset", FieldType.INT64),
          new Column("published_at", FieldType.TIMESTAMP));

  private static final List<Column> METADATA_COLUMNS =
      List.of(
          new Column("_event_id", FieldType.STRING),
          new Column("_op", FieldType.STRING),
          new Column("_lsn", FieldType.INT64),
          new Column("_tx", FieldType.INT64),
          new Column("_source_time", FieldType.TIMESTAMP),
          new Column("_event_time", FieldType.TIMESTAMP),
          new Column("_ingested_at", FieldType.TIMESTAMP),
          new Column("_contract_version", FieldType.STRING),
          new Column("_origin", FieldType.STRING),
          new Column("_batch_uri", FieldType.STRING),
          new Column("_batch_generation", FieldType.INT64),
          new Column("_batch_line", FieldType.INT64),
          new Column("_absent", FieldType.STRING));

  private Table() {}

  public static List<Column> raw() {
    return RAW_COLUMNS;
  }

  /** Metadata columns, then the contract's stored fields. */
  public static List<Column> processed(Contract contract) {
    List<Column> columns = new ArrayList<>(METADATA_COLUMNS);
    contract
        .storedFields()
        .forEach(field -> columns.add(new Column(field.name(), FieldReader.columnType(field))));
    return List.copyOf(columns);
  }

  /** How many columns precede the contract's fields in {@link #processed}. */
  public static int metadataColumns() {
    return METADATA_COLUMNS.size();
  }
}
