package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import java.io.IOException;
import java.util.List;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;

/**
 * Writes each batch of bounded input, whose batches are the same in every run, as one Parquet
 * object. Streams have {@link WriteSegments}.
 */
public final class WriteFiles extends DoFn<FileBatch, Void> {
  private static final long serialVersionUID = 1L;
  private static final String CONTENT_TYPE = "application/vnd.apache.parquet";

  private final String root;
  private final Contracts contracts;
  private final Counter files = Metrics.counter("lake", "files");
  private final Counter rows = Metrics.counter("lake", "rows");
  private transient ParallelWriter writer;
  private transient ObjectStore store;

  public WriteFiles(String root, Contracts contracts) {
    this.root = root;
    this.contracts = contracts;
  }

  @Setup
  public void setup() {
    writer = new ParallelWriter();
  }

  @StartBundle
  public void startBundle(PipelineOptions options) {
    if (store == null) {
      store = ObjectStore.open(root, options);
    }
  }

  @FinishBundle
  public void finishBundle() throws IOException, InterruptedException {
    writer.finish();
  }

  @Teardown
  public void teardown() {
    writer.close();
  }

  @ProcessElement
  public void process(@Element FileBatch batch) {
    files.inc();
    rows.inc(batch.rows().size());
    ObjectStore target = store;
    writer.submit(
        () -> {
          byte[] bytes = ParquetEncoder.encode(columns(batch.partition()), batch.rows());
          target.put(batch.path(), bytes, CONTENT_TYPE);
          return null;
        });
  }

  private List<Column> columns(Partition partition) {
    if (partition.table().equals(Table.RAW)) {
      return Table.raw();
    }
    Contract contract = contracts.stream(partition.stream()).orElseThrow();
    return Table.processed(contract);
  }
}
