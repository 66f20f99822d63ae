package dev.tributary.pipeline.batch;

import java.io.Serializable;

/**
 * One object of the landing bucket.
 *
 * @param generation with the URI it names the content for ever
 * @param objectTime when it was finalized, microseconds
 */
public record LandingFile(
    String uri, String stream, Format format, long generation, long objectTime)
    implements Serializable {

  /** How lines are read. */
  public enum Format {
    CSV,
    NDJSON
  }
}
