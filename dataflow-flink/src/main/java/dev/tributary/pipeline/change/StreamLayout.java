package dev.tributary.pipeline.change;

import dev.tributary.pipeline.ConfigurationException;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.contract.Field;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.Schemas;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.PackedLookup;
import dev.tributary.pipeline.packed.PackedRow;
import dev.tributary.pipeline.packed.PackedRows;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Where the packed rows of one stream go: to files, or first to the stage that looks up what other
 * streams know; and what of them others look up.
 */
final class StreamLayout {
  /** Places in {@code Table.processed}, of which these are the first columns. */
  private static final int OP_COLUMN = 1;

  private static final int LSN_COLUMN = 2;
  private static final int EVENT_TIME_COLUMN = 5;

  private final Contract contract;
  private final byte[] name;
  private final long schema;

  /**
   * The stream looked up, and the column here that holds its key; null and -1 where there is none.
   */
  private final String lookupStream;

  private final int lookupColumn;

  /** Fields that other streams look up here, with their columns. */
  private final List<Column> offered = new ArrayList<>();

  private final int[] offeredColumns;
  private final int keyColumn;
  private final Bytes item = new Bytes(512);

  StreamLayout(Contract contract, Contracts all) {
    this.contract = contract;
    this.name = contract.stream().getBytes(StandardCharsets.UTF_8);
    this.schema = Schemas.of(contract);
    List<Column> columns = Table.processed(contract);
    List<Field.Lookup> lookups =
        contract.fields().stream().map(Field::lookup).filter(Objects::nonNull).toList();
    Set<String> ways = new LinkedHashSet<>();
    lookups.forEach(lookup -> ways.add(lookup.stream() + " by " + lookup.by()));
    if (ways.size() > 1) {
      throw new ConfigurationException(
          "LOOKUP_UNSUPPORTED",
          "%s looks up %s: a stream can look up one other, by one field."
              .formatted(contract.stream(), String.join(", and ", ways)));
    }
    this.lookupStream = lookups.isEmpty() ? null : lookups.get(0).stream();
    this.lookupColumn = lookups.isEmpty() ? -1 : index(columns, lookups.get(0).by());
    Set<String> wanted = new LinkedHashSet<>();
    all.streams().values().stream()
        .flatMap(other -> other.fields().stream())
        .map(Field::lookup)
        .filter(lookup -> lookup != null && lookup.stream().equals(contract.stream()))
        .forEach(lookup -> wanted.add(lookup.field()));
    this.offeredColumns = wanted.stream().mapToInt(field -> index(columns, field)).toArray();
    for (int column : offeredColumns) {
      offered.add(columns.get(column));
    }
    this.keyColumn = index(columns, contract.primaryKey().get(0));
  }

  Contract contract() {
    return contract;
  }

  /** Whether the row must wait for what it looks up; others go straight to their file. */
  boolean looksUp(Bytes row) {
    if (lookupStream == null || isGone(row.array())) {
      return false;
    }
    return row.array()[PackedRow.column(row.array(), 0, lookupColumn)] != PackedRow.NULL;
  }

  /** A deleted row and a truncate look nothing up, and are no version. */
  private static boolean isGone(byte[] row) {
    char op = (char) row[PackedRow.column(row, 0, OP_COLUMN) + 1 + Integer.BYTES];
    return op == 'd' || op == 't';
  }

  /** Writes a processed row for its file. */
  void putRow(Bytes rows, long hour, Bytes row) {
    int start = PackedRows.begin(rows, PackedRows.PROCESSED, hour, schema, name);
    rows.put(row);
    PackedRows.end(rows, start);
  }

  /**
   * Writes what the lookup stage must get of a processed row: the row itself where it looks up
   * something, its values where others look them up.
   */
  void putLookups(Bytes lookups, long hour, long publishedMillis, Bytes row, boolean looksUp) {
    byte[] array = row.array();
    if (looksUp) {
      item.truncate(0);
      putKey(lookupStream, array, PackedRow.column(array, 0, lookupColumn));
      int start = PackedLookup.begin(lookups, bucket(), PackedLookup.ROW, publishedMillis);
      lookups
          .put(item)
          .putLong(Bytes.longAt(array, PackedRow.column(array, 0, EVENT_TIME_COLUMN) + 1));
      putRow(lookups, hour, row);
      PackedLookup.end(lookups, start);
    }
    if (offeredColumns.length > 0 && !isGone(array)) {
      putVersion(lookups, publishedMillis, array);
    }
  }

  private void putVersion(Bytes lookups, long publishedMillis, byte[] row) {
    item.truncate(0);
    putKey(contract.stream(), row, PackedRow.column(row, 0, keyColumn));
    int start = PackedLookup.begin(lookups, bucket(), PackedLookup.VERSION, publishedMillis);
    lookups
        .put(item)
        .putLong(Bytes.longAt(row, PackedRow.column(row, 0, EVENT_TIME_COLUMN) + 1))
        .putLong(Bytes.longAt(row, PackedRow.column(row, 0, LSN_COLUMN) + 1));
    for (int i = 0; i < offeredColumns.length; i++) {
      int tagAt = PackedRow.column(row, 0, offeredColumns[i]);
      lookups.putText(offered.get(i).name()).put(row, tagAt, PackedRow.next(row, tagAt) - tagAt);
    }
    PackedLookup.end(lookups, start);
  }

  /** {@code products:<the value's bytes>}: only ever compared with its like. */
  private void putKey(String stream, byte[] row, int tagAt) {
    item.putInt(0);
    item.put(stream.getBytes(StandardCharsets.UTF_8)).putByte(':');
    item.put(row, tagAt, PackedRow.next(row, tagAt) - tagAt);
    item.setInt(0, item.size() - Integer.BYTES);
  }

  private int bucket() {
    int hash = 1;
    byte[] array = item.array();
    for (int i = Integer.BYTES; i < item.size(); i++) {
      hash = 31 * hash + array[i];
    }
    return Math.floorMod(hash * 0x9E3779B9 >>> 8, Deduplicate.LOOKUP_BUCKETS);
  }

  private static int index(List<Column> columns, String name) {
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new ConfigurationException(
        "CONTRACTS_UNREADABLE",
        "No stored field is called " + name + "; compile the contracts again.");
  }
}
