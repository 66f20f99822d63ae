package dev.tributary.pipeline.enrich;

import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.contract.Field;
import dev.tributary.pipeline.lake.Schemas;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.PackedRow;
import dev.tributary.pipeline.packed.PackedRows;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which columns of which rows are looked up, and where their values come from. */
final class LookupColumns {
  /** By column: the other stream's field, or null where the column is not looked up. */
  private final Map<Long, byte[][]> bySchema = new HashMap<>();

  LookupColumns(Contracts contracts) {
    learn(contracts);
  }

  /** Whether rows with these columns have been told of. */
  boolean knows(long schema) {
    return bySchema.containsKey(schema);
  }

  /** Adds contracts; rows of those from before may still be on their way. */
  void learn(Contracts contracts) {
    contracts.streams().values().forEach(this::learn);
  }

  private void learn(Contract contract) {
    List<Field> fields = contract.storedFields();
    byte[][] columns = new byte[Table.metadataColumns() + fields.size()][];
    for (int i = 0; i < fields.size(); i++) {
      Field.Lookup lookup = fields.get(i).lookup();
      if (lookup != null) {
        columns[Table.metadataColumns() + i] = Version.name(lookup.field());
      }
    }
    bySchema.put(Schemas.of(contract), columns);
  }

  /**
   * Writes a row with the values of a version in the columns that are looked up.
   *
   * @param at of the row in {@link PackedRows}' layout
   * @param version position in versions, or -1: the columns stay null
   * @return whether the row was changed
   */
  boolean fill(Bytes out, byte[] rows, int at, byte[] versions, int version) {
    byte[][] columns = bySchema.get(PackedRows.schema(rows, at));
    int end = PackedRows.next(rows, at);
    if (version < 0 || columns == null) {
      out.put(rows, at, end - at);
      return false;
    }
    int start = out.size();
    int copied = at;
    int tag = PackedRow.firstValue(rows, PackedRows.row(rows, at));
    for (byte[] field : columns) {
      int next = PackedRow.next(rows, tag);
      if (field != null) {
        int value = Version.value(versions, version, field);
        if (value >= 0) {
          out.put(rows, copied, tag - copied);
          out.put(versions, value, PackedRow.next(versions, value) - value);
          copied = next;
        }
      }
      tag = next;
    }
    out.put(rows, copied, end - copied);
    PackedRows.end(out, start);
    return true;
  }
}
