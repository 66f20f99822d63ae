package dev.tributary.pipeline.batch;

import java.io.Serializable;

/**
 * One object of the landing bucket.
 *
 * @param generation with the URI it names the content for ever
 * @param objectTime when it was finalized, microseconds
 */
public record LandingFile(
    String uri,
    String stream,
    Format format,
    Compression compression,
    Mapping mapping,
    long generation,
    long objectTime)
    implements Serializable {

  /** Whether it can be whole or not: text is what it is. */
  boolean hasChecks() {
    return format == Format.PARQUET || compression == Compression.GZIP;
  }

  /** How rows are read. */
  public enum Format {
    CSV,
    NDJSON,
    PARQUET
  }

  /** What the whole file is packed with; Parquet packs its own parts. */
  public enum Compression {
    NONE,
    GZIP
  }
}
