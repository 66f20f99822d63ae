package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.DataCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * Rows of one file that came together: many as a Parquet file of their own, whose row groups the
 * lake's file takes over as they are; few as they came, since a row group of a few rows is mostly
 * overhead.
 *
 * @param digest SHA-256 over the rows' ids, in order: names the content
 * @param content a Parquet file, or rows one after the other ({@code PackedRows})
 */
public record Segment(boolean parquet, int rows, byte[] digest, byte[] content) {

  /** Encodes segments in flight and in state. */
  public static final class Coder extends DataCoder<Segment> {
    private static final long serialVersionUID = 1L;

    @Override
    protected void write(Segment segment, DataOutputStream out) throws IOException {
      out.writeBoolean(segment.parquet);
      out.writeInt(segment.rows);
      writeBytes(segment.digest, out);
      writeBytes(segment.content, out);
    }

    @Override
    protected Segment read(DataInputStream in) throws IOException {
      return new Segment(in.readBoolean(), in.readInt(), readBytes(in), readBytes(in));
    }
  }
}
