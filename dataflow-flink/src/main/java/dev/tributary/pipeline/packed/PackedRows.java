package dev.tributary.pipeline.packed;

import java.nio.charset.StandardCharsets;

/**
 * Rows and where they go, one after the other.
 *
 * <pre>
 * int   length of what follows
 * byte  table: 0 raw, 1 processed
 * long  hour since 1970 UTC
 * long  schema: what the row's columns are ({@code Schemas})
 * short length of the stream's name · the name
 * row   as LakeRow.Coder writes it
 * </pre>
 */
public final class PackedRows {
  public static final int RAW = 0;
  public static final int PROCESSED = 1;

  private static final int TABLE = Integer.BYTES;
  private static final int HOUR = TABLE + 1;
  private static final int SCHEMA = HOUR + Long.BYTES;
  private static final int STREAM = SCHEMA + Long.BYTES;

  private PackedRows() {}

  /** Writes what precedes a row; {@link #end} must follow the row. */
  public static int begin(Bytes out, int table, long hour, long schema, byte[] stream) {
    int start = out.size();
    out.putInt(0).putByte(table).putLong(hour).putLong(schema).putShort(stream.length).put(stream);
    return start;
  }

  public static void end(Bytes out, int start) {
    out.setInt(start, out.size() - start - Integer.BYTES);
  }

  public static int next(byte[] rows, int position) {
    return position + Integer.BYTES + Bytes.intAt(rows, position);
  }

  public static int table(byte[] rows, int position) {
    return rows[position + TABLE];
  }

  public static long hour(byte[] rows, int position) {
    return Bytes.longAt(rows, position + HOUR);
  }

  public static long schema(byte[] rows, int position) {
    return Bytes.longAt(rows, position + SCHEMA);
  }

  public static String stream(byte[] rows, int position) {
    return new String(
        rows,
        position + STREAM + Short.BYTES,
        Bytes.shortAt(rows, position + STREAM),
        StandardCharsets.UTF_8);
  }

  /** Where the row itself begins. */
  public static int row(byte[] rows, int position) {
    return position + STREAM + Short.BYTES + Bytes.shortAt(rows, position + STREAM);
  }

  /** Whether two rows go to the same files: table, hour, schema and stream are the same bytes. */
  public static boolean sameFile(byte[] one, int onePosition, byte[] other, int otherPosition) {
    int length = row(one, onePosition) - onePosition;
    return row(other, otherPosition) - otherPosition == length
        && java.util.Arrays.equals(
            one,
            onePosition + TABLE,
            onePosition + length,
            other,
            otherPosition + TABLE,
            otherPosition + length);
  }
}
