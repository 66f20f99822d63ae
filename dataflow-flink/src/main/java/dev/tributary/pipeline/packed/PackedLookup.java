package dev.tributary.pipeline.packed;

/**
 * What the lookup stage gets, one after the other: rows that wait for values of another stream, and
 * the versions of that stream which they look at. Both go to the bucket of the key looked up.
 *
 * <pre>
 * int  length of what follows
 * int  bucket
 * byte kind: 0 row, 1 version
 * long when the bus took the message, milliseconds
 * text key: stream and value, so that streams do not mix
 * row:     long event time · row in the layout of {@link PackedRows}
 * version: long event time · long lsn · values, each: text field's name, tag and value of {@link PackedRow}
 * </pre>
 */
public final class PackedLookup {
  public static final int ROW = 0;
  public static final int VERSION = 1;

  private static final int BUCKET = Integer.BYTES;
  private static final int KIND = BUCKET + Integer.BYTES;
  private static final int PUBLISHED = KIND + 1;
  private static final int KEY = PUBLISHED + Long.BYTES;

  private PackedLookup() {}

  /** Writes what precedes the key; {@link #end} must follow the item. */
  public static int begin(Bytes out, int bucket, int kind, long publishedMillis) {
    int start = out.size();
    out.putInt(0).putInt(bucket).putByte(kind).putLong(publishedMillis);
    return start;
  }

  public static void end(Bytes out, int start) {
    out.setInt(start, out.size() - start - Integer.BYTES);
  }

  public static int next(byte[] items, int position) {
    return position + Integer.BYTES + Bytes.intAt(items, position);
  }

  public static int bucket(byte[] items, int position) {
    return Bytes.intAt(items, position + BUCKET);
  }

  public static int kind(byte[] items, int position) {
    return items[position + KIND];
  }

  /** When the bus took the message it comes from, milliseconds. */
  public static long published(byte[] items, int position) {
    return Bytes.longAt(items, position + PUBLISHED);
  }

  /** Where the key's text begins, after its length. */
  public static int key(int position) {
    return position + KEY + Integer.BYTES;
  }

  public static int keyLength(byte[] items, int position) {
    return Bytes.intAt(items, position + KEY);
  }

  /** Where what follows the key begins. */
  public static int content(byte[] items, int position) {
    return key(position) + keyLength(items, position);
  }
}
