package dev.tributary.pipeline.compact;

import java.util.List;
import org.apache.beam.sdk.coders.SerializableCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.joda.time.Duration;
import org.joda.time.Instant;

/**
 * Merges small files of folders that nobody writes to any more. The output is the manifests staged;
 * {@link dev.tributary.pipeline.rewrite} says what becomes of them.
 *
 * <p>Memory: one group of files at a time, at most {@code targetBytes} of Parquet and as much for
 * the result. A second run finds one file where there were many, and does nothing.
 */
public final class CompactPipeline extends PTransform<PBegin, PCollection<String>> {
  private static final long serialVersionUID = 1L;

  private final String lake;
  private final String stream;
  private final Duration olderThan;
  private final long targetBytes;
  private final String run;

  /**
   * @param stream or null for all, those without a contract included
   * @param olderThan a folder with a younger file is left alone
   * @param targetBytes of Parquet in one file, at most
   */
  public CompactPipeline(
      String lake, String stream, Duration olderThan, long targetBytes, String run) {
    this.lake = lake;
    this.stream = stream;
    this.olderThan = olderThan;
    this.targetBytes = targetBytes;
    this.run = run;
  }

  @Override
  public PCollection<String> expand(PBegin input) {
    List<String> prefixes =
        stream == null
            ? List.of("raw/", "processed/")
            : List.of("raw/" + stream + "/", "processed/" + stream + "/");
    long closedBefore = Instant.now().minus(olderThan).getMillis();
    return input
        .apply("Prefixes", Create.of(prefixes).withCoder(StringUtf8Coder.of()))
        .apply("List", ParDo.of(new ListFolders(lake, closedBefore, targetBytes)))
        .setCoder(SerializableCoder.of(FolderFiles.class))
        .apply("Spread", Reshuffle.viaRandomKey())
        .apply("Merge", ParDo.of(new CompactFiles(lake, run)))
        .setCoder(StringUtf8Coder.of());
  }
}
