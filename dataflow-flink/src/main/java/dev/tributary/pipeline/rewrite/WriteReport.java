package dev.tributary.pipeline.rewrite;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.lake.ObjectStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** Leaves what a run found beside its results, for whoever started it. */
public final class WriteReport extends DoFn<KV<String, Iterable<KV<String, Long>>>, Void> {
  private static final long serialVersionUID = 1L;

  private final String root;
  private final String path;

  /**
   * @param path beneath the lake's root
   */
  public WriteReport(String root, String path) {
    this.root = root;
    this.path = path;
  }

  @ProcessElement
  public void process(@Element KV<String, Iterable<KV<String, Long>>> all, PipelineOptions options)
      throws IOException {
    TreeMap<String, Long> counts = new TreeMap<>();
    all.getValue().forEach(count -> counts.put(count.getKey(), count.getValue()));
    ObjectStore.open(root, options)
        .put(
            path,
            new ObjectMapper().writeValueAsString(counts).getBytes(StandardCharsets.UTF_8),
            "application/json");
  }
}
