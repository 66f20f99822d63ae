package dev.tributary.pipeline.backfill;

import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.ObjectStore;
import dev.tributary.pipeline.lake.ParquetRows;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.StoredObject;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.rewrite.RowCopies;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** Tells of each row of the files what it is equal to. */
final class ReadProcessed extends DoFn<KV<Partition, StoredObject>, KV<RowKey, StoredRow>> {
  private static final long serialVersionUID = 1L;

  private final String root;
  private final Contract contract;
  private transient ObjectStore store;

  ReadProcessed(String root, Contract contract) {
    this.root = root;
    this.contract = contract;
  }

  @StartBundle
  public void startBundle(PipelineOptions options) {
    if (store == null) {
      store = ObjectStore.open(root, options);
    }
  }

  @ProcessElement
  public void process(
      @Element KV<Partition, StoredObject> file, OutputReceiver<KV<RowKey, StoredRow>> output)
      throws IOException {
    StoredObject object = file.getValue();
    // A file that another rewrite took since it was listed fails the run, which lists anew: without
    // it, rows would seem to be missing.
    byte[] bytes = store.get(object.path());
    List<Column> today = Table.processed(contract);
    RowCopies copies = new RowCopies(today);
    try (ParquetRows rows = ParquetRows.open(bytes)) {
      ColumnFit fit = new ColumnFit(today, rows.columns());
      for (Object[] row = rows.next(); row != null; row = rows.next()) {
        Object[] values = fit.todays(fit.fit(row));
        output.output(
            KV.of(
                new RowKey(file.getKey(), (String) values[0]),
                new StoredRow(object.path(), object.size(), copies.fingerprint(values))));
      }
    }
  }

  /** Finds the visible files of a folder. */
  static final class ListFiles extends DoFn<Partition, KV<Partition, StoredObject>> {
    private static final long serialVersionUID = 1L;

    private final String root;

    ListFiles(String root) {
      this.root = root;
    }

    @ProcessElement
    public void process(
        @Element Partition partition,
        PipelineOptions options,
        OutputReceiver<KV<Partition, StoredObject>> output)
        throws IOException {
      try (Stream<StoredObject> objects =
          ObjectStore.open(root, options).list(partition.folder() + "part-")) {
        for (Iterator<StoredObject> each = objects.iterator(); each.hasNext(); ) {
          output.output(KV.of(partition, each.next()));
        }
      }
    }
  }
}
