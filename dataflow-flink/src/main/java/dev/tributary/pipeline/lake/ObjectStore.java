package dev.tributary.pipeline.lake;

import java.io.IOException;
import java.util.stream.Stream;
import org.apache.beam.sdk.options.PipelineOptions;

/**
 * Where objects are put. An object appears whole under its name or not at all: a process that dies
 * while writing leaves nothing that a reader could see.
 */
public interface ObjectStore {
  /**
   * Creates the object; where the name exists already, that object stays and nothing is written.
   *
   * <p>For names that tell their content: a repeated write then raises no second event.
   */
  void putIfAbsent(String path, byte[] bytes, String contentType) throws IOException;

  /** Creates or replaces the object. */
  void put(String path, byte[] bytes, String contentType) throws IOException;

  /** Every object whose path begins so, in path order; at scale a page at a time. */
  Stream<StoredObject> list(String prefix) throws IOException;

  /**
   * The object's bytes.
   *
   * @throws java.io.FileNotFoundException where there is none
   */
  byte[] get(String path) throws IOException;

  /**
   * The store beneath a root.
   *
   * @param root {@code s3://bucket}, {@code gs://bucket} or a folder
   */
  static ObjectStore open(String root, PipelineOptions options) {
    String base = root.endsWith("/") ? root : root + "/";
    if (base.startsWith("s3://")) {
      return S3ObjectStore.open(base, options);
    }
    return base.startsWith("gs://")
        ? GcsObjectStore.open(base, options)
        : new FileSystemObjectStore(base);
  }
}
