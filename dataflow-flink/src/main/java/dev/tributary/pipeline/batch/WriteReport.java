package dev.tributary.pipeline.batch;

import dev.tributary.pipeline.lake.ObjectStore;
import java.io.IOException;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;

/** Leaves the report of a file where whoever started the job looks for it. */
final class WriteReport extends DoFn<FileReport, Void> {
  private static final long serialVersionUID = 1L;

  private final String root;
  private final String path;

  /**
   * @param path beneath the lake's root
   */
  WriteReport(String root, String path) {
    this.root = root;
    this.path = path;
  }

  @ProcessElement
  public void process(@Element FileReport report, PipelineOptions options) throws IOException {
    ObjectStore.open(root, options).put(path, report.json(), "application/json");
  }
}
