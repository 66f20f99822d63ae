package dev.tributary.pipeline.backfill;

import dev.tributary.pipeline.DataCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * A row that {@code processed/} holds already.
 *
 * @param path of the file it lies in
 * @param size of that file
 * @param fingerprint equal for rows of the same content
 */
record StoredRow(String path, long size, String fingerprint) {

  /** Encodes rows on their way to the comparison. */
  static final class Coder extends DataCoder<StoredRow> {
    private static final long serialVersionUID = 1L;

    @Override
    protected void write(StoredRow row, DataOutputStream out) throws IOException {
      writeText(row.path, out);
      out.writeLong(row.size);
      writeText(row.fingerprint, out);
    }

    @Override
    protected StoredRow read(DataInputStream in) throws IOException {
      String path = readText(in);
      long size = in.readLong();
      return new StoredRow(path, size, readText(in));
    }
  }
}
