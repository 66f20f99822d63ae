package dev.tributary.pipeline.contract;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/** NUMERIC: exact decimals of at most 29 digits before and 9 after the point. */
public final class Decimals {
  /** https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types */
  public static final int PRECISION = 38;

  public static final int SCALE = 9;

  /** Any number of so many digits fits a long. */
  private static final int MAX_LONG_DIGITS = 18;

  private static final Pattern WIRE = Pattern.compile("[+-]?\\d+(\\.\\d+)?");

  private Decimals() {}

  /**
   * Reads a decimal without exponent.
   *
   * @throws NumberFormatException when the text has another form
   */
  public static BigDecimal parse(String text) {
    if (!WIRE.matcher(text).matches()) {
      throw new NumberFormatException("expected a decimal without exponent");
    }
    return new BigDecimal(text);
  }

  /**
   * The value as a column holds it.
   *
   * @throws ArithmeticException when digits would be lost
   */
  public static BigDecimal toColumn(BigDecimal value) {
    BigDecimal scaled = value.setScale(SCALE, java.math.RoundingMode.UNNECESSARY);
    if (scaled.precision() > PRECISION) {
      throw new ArithmeticException("more than 29 digits before the point");
    }
    return scaled;
  }

  /** The shortest form without exponent: {@code 0}, {@code 12.5}. */
  public static String toWire(BigDecimal value) {
    if (value.signum() == 0) {
      return "0";
    }
    if (value.precision() > MAX_LONG_DIGITS || value.scale() < 0) {
      return value.stripTrailingZeros().toPlainString();
    }
    // Of what fits a long, which is nearly everything, without a big integer for each zero.
    long unscaled = value.unscaledValue().longValue();
    int scale = value.scale();
    while (scale > 0 && unscaled % 10 == 0) {
      unscaled /= 10;
      scale--;
    }
    if (scale == 0) {
      return Long.toString(unscaled);
    }
    String digits = Long.toString(Math.abs(unscaled));
    String sign = unscaled < 0 ? "-" : "";
    int whole = digits.length() - scale;
    return whole > 0
        ? sign + digits.substring(0, whole) + "." + digits.substring(whole)
        : sign + "0." + "0".repeat(-whole) + digits;
  }
}
