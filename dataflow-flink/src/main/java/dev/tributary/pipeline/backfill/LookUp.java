package dev.tributary.pipeline.backfill;

import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.contract.Field;
import dev.tributary.pipeline.contract.Field.Lookup;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Table;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.join.CoGbkResult;
import org.apache.beam.sdk.transforms.join.CoGroupByKey;
import org.apache.beam.sdk.transforms.join.KeyedPCollectionTuple;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TupleTag;

/**
 * Fills fields that a contract looks up in another stream: the value in the version of the other's
 * row with the greatest event time not after this row's; null where there is none.
 *
 * <p>The same as the stream does ({@code enrich}), but with all versions there are, so that what
 * the stream could not know yet is filled. A version that left a field out as unchanged carries the
 * value of the version before. A deletion is no version: what a product was called when a line was
 * placed does not change by its removal. And the row of a deletion looks nothing up.
 */
final class LookUp implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final TupleTag<KV<RowKey, LakeRow>> ROWS = new TupleTag<>() {};
  private static final TupleTag<LakeRow> VERSIONS = new TupleTag<>() {};

  private final String stream;
  private final int by;
  private final int key;
  private final int[] into;
  private final int[] from;
  private final String[] fields;
  private final Positions positions;

  /** Where the metadata columns are; the same in every stream. */
  private record Positions(int op, int lsn, int eventTime, int absent) implements Serializable {}

  private LookUp(Contract contract, String by, Contract other, List<Field> fields) {
    List<String> names = names(contract);
    List<String> otherNames = names(other);
    this.stream = other.stream();
    this.by = names.indexOf(by);
    this.key = otherNames.indexOf(other.primaryKey().get(0));
    this.into = fields.stream().mapToInt(field -> names.indexOf(field.name())).toArray();
    this.fields = fields.stream().map(field -> field.lookup().field()).toArray(String[]::new);
    this.from = Arrays.stream(this.fields).mapToInt(otherNames::indexOf).toArray();
    this.positions =
        new Positions(
            names.indexOf("_op"),
            names.indexOf("_lsn"),
            names.indexOf("_event_time"),
            names.indexOf("_absent"));
  }

  /** What a contract looks up, one for each stream and field it is looked up by. */
  static List<LookUp> of(Contract contract, Contracts contracts) {
    Map<String, List<Field>> groups = new LinkedHashMap<>();
    contract.storedFields().stream()
        .filter(field -> field.lookup() != null)
        .forEach(
            field ->
                groups
                    .computeIfAbsent(
                        field.lookup().stream() + " " + field.lookup().by(),
                        group -> new ArrayList<>())
                    .add(field));
    return groups.values().stream()
        .map(
            fields -> {
              Lookup lookup = fields.get(0).lookup();
              return new LookUp(
                  contract, lookup.by(), contracts.stream(lookup.stream()).orElseThrow(), fields);
            })
        .toList();
  }

  String stream() {
    return stream;
  }

  /** Distinct among the look-ups of one contract. */
  String name() {
    return "LookUp-" + stream + "-" + by;
  }

  /**
   * @param versions rows of {@link #stream}
   */
  PCollection<KV<RowKey, LakeRow>> fill(
      PCollection<KV<RowKey, LakeRow>> rows, PCollection<KV<RowKey, LakeRow>> versions) {
    KvCoder<RowKey, LakeRow> rowCoder = KvCoder.of(new RowKey.Coder(), new LakeRow.Coder());
    PCollection<KV<String, KV<RowKey, LakeRow>>> byKey =
        rows.apply(name() + "RowKeys", ParDo.of(new KeyRows(by)))
            .setCoder(KvCoder.of(StringUtf8Coder.of(), rowCoder));
    PCollection<KV<String, LakeRow>> versionsByKey =
        versions
            .apply(name() + "VersionKeys", ParDo.of(new KeyVersions(key)))
            .setCoder(KvCoder.of(StringUtf8Coder.of(), new LakeRow.Coder()));
    return KeyedPCollectionTuple.of(ROWS, byKey)
        .and(VERSIONS, versionsByKey)
        .apply(name() + "Join", CoGroupByKey.create())
        .apply(name() + "Fill", ParDo.of(new Fill(this)))
        .setCoder(rowCoder);
  }

  private static List<String> names(Contract contract) {
    return Table.processed(contract).stream().map(Column::name).toList();
  }

  /** Versions of one key in the order in which they held. */
  private List<Object[]> inOrder(Iterable<LakeRow> rows) {
    List<Object[]> versions = new ArrayList<>();
    for (LakeRow row : rows) {
      if (!isRemoval(row.values())) {
        versions.add(row.values().clone());
      }
    }
    versions.sort(
        Comparator.<Object[]>comparingLong(row -> (Long) row[positions.eventTime])
            .thenComparingLong(row -> (Long) row[positions.lsn])
            .thenComparing(row -> (String) row[0]));
    for (int i = 1; i < versions.size(); i++) {
      Object[] version = versions.get(i);
      String absent = (String) version[positions.absent];
      for (int f = 0; absent != null && f < from.length; f++) {
        if (List.of(absent.split(",")).contains(fields[f])) {
          version[from[f]] = versions.get(i - 1)[from[f]];
        }
      }
    }
    return versions;
  }

  private boolean isRemoval(Object[] values) {
    return "d".equals(values[positions.op]) || "t".equals(values[positions.op]);
  }

  /** The row with its fields filled from the version that held at its time. */
  private LakeRow filled(LakeRow row, List<Object[]> versions) {
    long time = (Long) row.values()[positions.eventTime];
    Object[] values = row.values().clone();
    Object[] held = null;
    for (Object[] version : isRemoval(values) ? List.<Object[]>of() : versions) {
      if ((Long) version[positions.eventTime] > time) {
        break;
      }
      held = version;
    }
    for (int f = 0; f < into.length; f++) {
      values[into[f]] = held == null ? null : held[from[f]];
    }
    return new LakeRow(row.id(), row.sequence(), values);
  }

  private static final class KeyRows
      extends DoFn<KV<RowKey, LakeRow>, KV<String, KV<RowKey, LakeRow>>> {
    private static final long serialVersionUID = 1L;
    private final int column;

    KeyRows(int column) {
      this.column = column;
    }

    @ProcessElement
    public void process(
        @Element KV<RowKey, LakeRow> row, OutputReceiver<KV<String, KV<RowKey, LakeRow>>> output) {
      output.output(KV.of(String.valueOf(row.getValue().values()[column]), row));
    }
  }

  private static final class KeyVersions extends DoFn<KV<RowKey, LakeRow>, KV<String, LakeRow>> {
    private static final long serialVersionUID = 1L;
    private final int column;

    KeyVersions(int column) {
      this.column = column;
    }

    @ProcessElement
    public void process(
        @Element KV<RowKey, LakeRow> row, OutputReceiver<KV<String, LakeRow>> output) {
      Object key = row.getValue().values()[column];
      // A truncate has no row.
      if (key != null) {
        output.output(KV.of(key.toString(), row.getValue()));
      }
    }
  }

  private static final class Fill extends DoFn<KV<String, CoGbkResult>, KV<RowKey, LakeRow>> {
    private static final long serialVersionUID = 1L;
    private final LookUp lookUp;

    Fill(LookUp lookUp) {
      this.lookUp = lookUp;
    }

    @ProcessElement
    public void process(
        @Element KV<String, CoGbkResult> group, OutputReceiver<KV<RowKey, LakeRow>> output) {
      List<Object[]> versions =
          group.getKey().equals("null")
              ? Collections.emptyList()
              : lookUp.inOrder(group.getValue().getAll(VERSIONS));
      for (KV<RowKey, LakeRow> row : group.getValue().getAll(ROWS)) {
        output.output(KV.of(row.getKey(), lookUp.filled(row.getValue(), versions)));
      }
    }
  }
}
