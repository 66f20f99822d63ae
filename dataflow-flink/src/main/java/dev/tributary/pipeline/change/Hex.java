package dev.tributary.pipeline.change;

/** Ids of 32 hex digits as two longs. */
final class Hex {
  private static final int DIGITS = 16;

  private Hex() {}

  static long high(String id) {
    return Long.parseUnsignedLong(id, 0, DIGITS, 16);
  }

  static long low(String id) {
    return Long.parseUnsignedLong(id, DIGITS, 2 * DIGITS, 16);
  }

  /** The value of a lower-case hex digit, or -1. */
  static int digit(int character) {
    if (character >= '0' && character <= '9') {
      return character - '0';
    }
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
  }
}
