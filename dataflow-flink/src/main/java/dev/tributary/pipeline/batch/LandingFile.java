package dev.tributary.pipeline.batch;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.channels.Channels;
import org.apache.beam.sdk.io.FileSystems;

/**
 * One object of the landing bucket.
 *
 * @param generation with the URI it names the content for ever
 * @param objectTime when it was finalized, microseconds
 */
public record LandingFile(
    String uri, String stream, Format format, long generation, long objectTime)
    implements Serializable {

  /**
   * The object's bytes. Its name is taken as it is: people's file names hold brackets and stars.
   */
  public InputStream open() throws IOException {
    return Channels.newInputStream(FileSystems.open(FileSystems.matchNewResource(uri, false)));
  }

  /** How lines are read. */
  public enum Format {
    CSV,
    NDJSON
  }
}
