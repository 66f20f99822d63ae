package dev.tributary.pipeline.batch;

import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/** The lines of a text file, unpacked where it is packed. */
final class TextFile {
  private final StoredObject object;
  private final boolean packed;
  private LineReader lines;

  TextFile(StoredObject object, LandingFile.Compression compression) {
    this.object = object;
    this.packed = compression == LandingFile.Compression.GZIP;
  }

  /**
   * @throws IOException when the store failed
   * @throws FileRefusal CORRUPT_FILE when the file is no gzip
   */
  LineReader lines() throws IOException, FileRefusal {
    if (lines == null) {
      lines = whole(() -> new LineReader(unpacked()));
    }
    return lines;
  }

  /** Something read from the lines. */
  interface Reading<T> {
    T get() throws IOException;
  }

  /**
   * @throws IOException when the store failed
   * @throws FileRefusal CORRUPT_FILE when unpacking did: it was cut off, or a checksum is wrong
   */
  <T> T whole(Reading<T> reading) throws IOException, FileRefusal {
    try {
      return reading.get();
    } catch (IOException e) {
      if (!packed || object.storeFailed()) {
        throw e;
      }
      throw new FileRefusal(
          FileRefusal.Code.CORRUPT_FILE,
          "The file is not whole gzip: it was cut off or damaged. Drop it again.",
          e);
    }
  }

  private InputStream unpacked() throws IOException {
    // Java's own takes a second member only where the store happens to have its bytes ready.
    return packed ? new GzipCompressorInputStream(object.stream(), true) : object.stream();
  }
}
