package dev.tributary.pipeline.deadletter;

import dev.tributary.pipeline.lake.ObjectStore;
import dev.tributary.pipeline.lake.ParallelWriter;
import java.io.IOException;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;

/**
 * Stores each dead letter as one JSON object at once. A repeated letter has the same name, so
 * writing twice changes nothing and no checkpoint need be waited for.
 */
public final class WriteDeadLetters extends DoFn<DeadLetter, Void> {
  private static final long serialVersionUID = 1L;

  private final String root;
  private final Counter letters = Metrics.counter("lake", "deadLetters");
  private transient ParallelWriter writer;
  private transient ObjectStore store;

  public WriteDeadLetters(String root) {
    this.root = root;
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

  @ProcessElement
  public void process(@Element DeadLetter letter) {
    letters.inc();
    ObjectStore target = store;
    writer.submit(
        () -> {
          target.putIfAbsent(letter.path(), letter.json(), "application/json");
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
