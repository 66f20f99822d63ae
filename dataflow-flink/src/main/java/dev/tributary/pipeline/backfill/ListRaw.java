package dev.tributary.pipeline.backfill;

import dev.tributary.pipeline.lake.ObjectStore;
import dev.tributary.pipeline.lake.StoredObject;
import java.io.IOException;
import java.util.Iterator;
import java.util.stream.Stream;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;

/** Finds the raw files of streams that may hold messages of a range. */
final class ListRaw extends DoFn<String, String> {
  private static final long serialVersionUID = 1L;

  private final String root;
  private final TimeRange range;
  private final long settledBefore;

  /**
   * @param settledBefore a file written later is left out: the stream may not have written the
   *     processed rows of its messages yet
   */
  ListRaw(String root, TimeRange range, long settledBefore) {
    this.root = root;
    this.range = range;
    this.settledBefore = settledBefore;
  }

  @ProcessElement
  public void process(
      @Element String stream, PipelineOptions options, OutputReceiver<String> output)
      throws IOException {
    ObjectStore store = ObjectStore.open(root, options);
    for (String prefix : range.prefixes("raw/" + stream + "/")) {
      try (Stream<StoredObject> objects = store.list(prefix)) {
        for (Iterator<StoredObject> each = objects.iterator(); each.hasNext(); ) {
          StoredObject object = each.next();
          if (object.path().matches(".*/part-[^/]+\\.parquet")
              && object.modifiedMillis() < settledBefore
              && range.mayHold(object.path())) {
            output.output(object.path());
          }
        }
      }
    }
  }
}
