package dev.tributary.pipeline.contract;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;

/**
 * The value nearest to one that its column cannot hold. The same as {@code
 * run-services/debezium-bridge/src/nearest.ts}.
 */
public final class Nearest {
  public static final String FIRST_DATE = "0001-01-01";
  public static final String LAST_DATE = "9999-12-31";

  private static final BigDecimal LARGEST =
      new BigDecimal(
          BigInteger.TEN.pow(Decimals.PRECISION).subtract(BigInteger.ONE), Decimals.SCALE);

  /** How Debezium writes a date of {@code infinity}; no real date is that. */
  private static final String INFINITE_DATE = "-5877611-06-21Z";

  private Nearest() {}

  public static BigInteger integer(BigInteger value) {
    return BigInteger.valueOf(value.signum() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE);
  }

  /** The largest there is, or rounded to nine places, halves away from zero. */
  public static BigDecimal decimal(BigDecimal value) {
    // Before it is spelt out: an exponent may be of any size.
    if (value.precision() - (long) value.scale() > Decimals.PRECISION - Decimals.SCALE) {
      return infinity(value.signum() < 0);
    }
    BigDecimal rounded = value.setScale(Decimals.SCALE, RoundingMode.HALF_UP);
    return rounded.precision() > Decimals.PRECISION ? infinity(value.signum() < 0) : rounded;
  }

  public static BigDecimal infinity(boolean negative) {
    return negative ? LARGEST.negate() : LARGEST;
  }

  /**
   * @param text of no finite number
   * @return null for NaN, which is near nothing
   */
  public static BigDecimal ofNotFinite(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return lower.contains("nan")
        ? null
        : infinity(lower.startsWith("-") || lower.startsWith("neg"));
  }

  /**
   * @param text ISO 8601 or an infinity
   */
  public static String date(String text) {
    return isBeforeAll(text) ? FIRST_DATE : LAST_DATE;
  }

  /** As {@link #date}, in the wire encoding. */
  public static String timestamp(String text) {
    return isBeforeAll(text) ? FIRST_DATE + "T00:00:00.000000Z" : LAST_DATE + "T23:59:59.999999Z";
  }

  /** Years before 1; and the year 1 where its zone makes it less. */
  private static boolean isBeforeAll(String text) {
    if (text.equals(INFINITE_DATE)) {
      return false;
    }
    return text.startsWith("-") || text.startsWith("0000") || text.startsWith("0001");
  }
}
