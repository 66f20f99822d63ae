package dev.tributary.pipeline.change;

/** Ids of 32 hex digits as two longs. */
final class Hex {
  private static final int DIGITS = 16;
  private static final byte[] VALUES = new byte[128];

  static {
    for (int i = 0; i < VALUES.length; i++) {
      VALUES[i] =
          (byte) (i >= '0' && i <= '9' ? i - '0' : i >= 'a' && i <= 'f' ? i - 'a' + 10 : -1);
    }
  }

  private Hex() {}

  static long high(String id) {
    return Long.parseUnsignedLong(id, 0, DIGITS, 16);
  }

  static long low(String id) {
    return Long.parseUnsignedLong(id, DIGITS, 2 * DIGITS, 16);
  }

  /** The value of a lower-case hex digit, or -1. */
  static int digit(int character) {
    return character < VALUES.length ? VALUES[character] : -1;
  }
}
