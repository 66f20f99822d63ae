package dev.tributary.pipeline.batch;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/** The rows of one file, one after the other, a small part of the file in memory. */
interface RowSource extends Closeable {

  /** The columns every row has, or null where each row names its own. */
  List<String> columns();

  /**
   * The next row, or null at the end.
   *
   * @throws IOException when the store failed
   * @throws FileRefusal CORRUPT_FILE when the file did
   */
  Entry next() throws IOException, FileRefusal;

  /** A row that can be read, or be kept as it lies there. */
  interface Entry {
    /** Where it begins; the first is 1. */
    long line();

    /** The original, in clear; for a typed file its cells as JSON. */
    byte[] bytes();

    /**
     * @throws dev.tributary.pipeline.Refusal BAD_LINE when the bytes are no row
     */
    SourceRow row() throws dev.tributary.pipeline.Refusal;
  }
}
