package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.contract.Contracts;
import java.io.IOException;
import java.util.List;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;

/**
 * Writes each file of a stream as one Parquet object.
 *
 * <p>A file reaches it only when a checkpoint that contains it is complete, so that after any crash
 * the same file comes again under the same name, and never its rows in a different one. The name
 * tells the rows, so an existing object is left alone.
 */
public final class WriteSegments extends DoFn<LakeFile, Void> {
  private static final long serialVersionUID = 1L;
  private static final String CONTENT_TYPE = "application/vnd.apache.parquet";

  private final String root;
  private final Contracts contracts;
  private final Counter files = Metrics.counter("lake", "files");
  private final Counter rows = Metrics.counter("lake", "rows");
  private transient ParallelWriter writer;
  private transient ObjectStore store;
  private transient Schemas schemas;

  public WriteSegments(String root, Contracts contracts) {
    this.root = root;
    this.contracts = contracts;
  }

  @Setup
  public void setup() {
    writer = new ParallelWriter();
    schemas = new Schemas(root, contracts);
  }

  @StartBundle
  public void startBundle(PipelineOptions options) {
    if (store == null) {
      store = ObjectStore.open(root, options);
    }
  }

  @RequiresStableInput
  @ProcessElement
  public void process(@Element LakeFile file) throws IOException {
    files.inc();
    file.segments().forEach(segment -> rows.inc(segment.rows()));
    List<Column> columns =
        schemas.columns(file.group().partition().stream(), file.group().schema());
    ObjectStore target = store;
    writer.submit(
        () -> {
          target.putIfAbsent(
              file.path(), SegmentFile.encode(columns, file.segments()), CONTENT_TYPE);
          return null;
        });
  }

  @FinishBundle
  public void finishBundle() throws IOException, InterruptedException {
    writer.finish();
  }

  @Teardown
  public void teardown() {
    writer.close();
  }
}
