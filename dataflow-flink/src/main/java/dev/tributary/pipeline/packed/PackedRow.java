package dev.tributary.pipeline.packed;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Walks a row in the layout of {@code LakeRow.Coder} without making objects of it: id (text),
 * sequence (long), number of values (short), then each value with its tag.
 */
public final class PackedRow {
  public static final int NULL = 0;
  public static final int TEXT = 1;
  public static final int INT64 = 2;
  public static final int INT32 = 3;
  public static final int DECIMAL = 4;
  public static final int FLOAT64 = 5;
  public static final int FALSE = 6;
  public static final int TRUE = 7;
  public static final int BYTES = 8;

  private PackedRow() {}

  /** Where the first value's tag is, for a row that begins at a position. */
  public static int firstValue(byte[] row, int position) {
    int idLength = Bytes.intAt(row, position);
    return position + Integer.BYTES + idLength + Long.BYTES + Short.BYTES;
  }

  /** How many values a row has. */
  public static int values(byte[] row, int position) {
    return Bytes.shortAt(row, firstValue(row, position) - Short.BYTES);
  }

  /** Where the next value's tag is. */
  public static int next(byte[] row, int tagAt) {
    int at = tagAt + 1;
    return switch (row[tagAt]) {
      case NULL, FALSE, TRUE -> at;
      case INT64, FLOAT64 -> at + Long.BYTES;
      case INT32 -> at + Integer.BYTES;
      case TEXT, BYTES -> at + Integer.BYTES + Bytes.intAt(row, at);
      case DECIMAL -> at + 2 * Integer.BYTES + Bytes.intAt(row, at + Integer.BYTES);
      default -> throw new IllegalStateException("unknown value tag " + row[tagAt]);
    };
  }

  /** The tag's position of a column's value. */
  public static int column(byte[] row, int position, int column) {
    int at = firstValue(row, position);
    for (int i = 0; i < column; i++) {
      at = next(row, at);
    }
    return at;
  }

  /** The value at a tag, as {@code LakeRow} holds it. */
  public static Object value(byte[] row, int tagAt) {
    int at = tagAt + 1;
    return switch (row[tagAt]) {
      case NULL -> null;
      case TEXT ->
          new String(row, at + Integer.BYTES, Bytes.intAt(row, at), StandardCharsets.UTF_8);
      case INT64 -> Bytes.longAt(row, at);
      case INT32 -> Bytes.intAt(row, at);
      case DECIMAL -> {
        int scale = Bytes.intAt(row, at);
        int length = Bytes.intAt(row, at + Integer.BYTES);
        int from = at + 2 * Integer.BYTES;
        yield length <= Long.BYTES
            ? BigDecimal.valueOf(unscaled(row, from, length), scale)
            : new BigDecimal(new BigInteger(row, from, length), scale);
      }
      case FLOAT64 -> Double.longBitsToDouble(Bytes.longAt(row, at));
      case FALSE -> false;
      case TRUE -> true;
      case BYTES ->
          Arrays.copyOfRange(row, at + Integer.BYTES, at + Integer.BYTES + Bytes.intAt(row, at));
      default -> throw new IllegalStateException("unknown value tag " + row[tagAt]);
    };
  }

  /** Big-endian two's complement of at most eight bytes. */
  private static long unscaled(byte[] row, int from, int length) {
    long value = row[from];
    for (int i = from + 1; i < from + length; i++) {
      value = value << 8 | row[i] & 0xff;
    }
    return value;
  }

  /** Writes a decimal as {@code LakeRow.Coder} does: scale, then the shortest two's complement. */
  public static void putDecimal(Bytes out, long unscaled, int scale) {
    // As BigInteger.toByteArray: a bit for the sign is always there.
    int bits = Long.SIZE - Long.numberOfLeadingZeros(unscaled < 0 ? ~unscaled : unscaled);
    int length = bits / 8 + 1;
    out.putByte(DECIMAL).putInt(scale).putInt(length);
    for (int shift = (length - 1) * 8; shift >= 0; shift -= 8) {
      out.putByte((int) (unscaled >> shift));
    }
  }
}
