package dev.tributary.pipeline.backfill;

import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.rewrite.RowCopies;
import java.util.Comparator;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.join.CoGbkResult;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.TupleTag;

/**
 * Decides about one event in one folder: its row is there as it should be, differs, or is missing.
 *
 * <p>Where raw holds an event more than once, the copy that the bridge took first counts. Copies in
 * {@code processed/} that differ in that time alone are as they should be.
 */
final class CompareRows extends DoFn<KV<RowKey, CoGbkResult>, KV<Target, LakeRow>> {
  private static final long serialVersionUID = 1L;

  static final TupleTag<LakeRow> RECREATED = new TupleTag<>() {};
  static final TupleTag<StoredRow> STORED = new TupleTag<>() {};

  static final TupleTag<KV<Target, LakeRow>> DIFFERENT = new TupleTag<>() {};
  static final TupleTag<KV<Partition, LakeRow>> MISSING = new TupleTag<>() {};

  private final Contract contract;
  private transient RowCopies copies;

  CompareRows(Contract contract) {
    this.contract = contract;
  }

  @Setup
  public void setup() {
    copies = new RowCopies(Table.processed(contract));
  }

  @ProcessElement
  public void process(@Element KV<RowKey, CoGbkResult> event, MultiOutputReceiver output) {
    Partition partition = event.getKey().partition();
    LakeRow best = null;
    String fingerprint = null;
    for (LakeRow row : event.getValue().getAll(RECREATED)) {
      String other = copies.fingerprint(row.values());
      if (best == null || order(row, other, best, fingerprint) < 0) {
        best = row;
        fingerprint = other;
      }
    }
    if (best == null) {
      // Of another time, or from a batch file: not for this run to judge.
      return;
    }
    boolean missing = true;
    for (StoredRow stored : event.getValue().getAll(STORED)) {
      missing = false;
      if (!stored.fingerprint().equals(fingerprint)) {
        output
            .get(DIFFERENT)
            .output(KV.of(Target.replacing(partition, stored.path(), stored.size()), best));
      }
    }
    if (missing) {
      output.get(MISSING).output(KV.of(partition, best));
    }
  }

  /** Total, so that every run chooses the same. */
  private int order(LakeRow one, String oneContent, LakeRow other, String otherContent) {
    int byTime = Long.compare(copies.ingestedAt(one.values()), copies.ingestedAt(other.values()));
    return byTime != 0
        ? byTime
        : Comparator.<String>naturalOrder().compare(oneContent, otherContent);
  }
}
