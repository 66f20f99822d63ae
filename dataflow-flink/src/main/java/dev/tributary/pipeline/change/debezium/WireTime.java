package dev.tributary.pipeline.change.debezium;

import dev.tributary.pipeline.contract.Timestamps;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Dates and times in the wire encoding, read from ISO 8601 as Debezium writes it. The same as
 * {@code run-services/debezium-bridge/src/time.ts}.
 */
final class WireTime {
  /**
   * A date, then optionally a time with up to nanoseconds, then optionally a zone. Years beyond
   * four digits have a sign.
   */
  private static final Pattern ISO =
      Pattern.compile(
          "([+-]?\\d{4,9})-(\\d\\d)-(\\d\\d)"
              + "(?:T(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,9}))?)?)?"
              + "(Z|[+-]\\d\\d(?::?\\d\\d)?)?");

  private static final Pattern INFINITY = Pattern.compile("(?i)[+-]?infinity");

  private WireTime() {}

  /** A time that the wire, Parquet and BigQuery cannot hold: years 1 to 9999, microseconds. */
  static final class OutOfRange extends Exception {
    private static final long serialVersionUID = 1L;

    OutOfRange() {
      super(null, null, false, false);
    }
  }

  /**
   * UTC with six digits. A time without a zone is UTC, as Debezium's own are.
   *
   * @throws DateTimeException where the text is no time
   */
  static String timestamp(String text) throws OutOfRange {
    Matcher match = match(text);
    String fraction = orElse(match.group(7), "");
    if (fraction.length() > 6 && !fraction.substring(6).matches("0*")) {
      throw new OutOfRange();
    }
    String iso =
        "%s-%s-%sT%s:%s:%s.%s%s"
            .formatted(
                match.group(1),
                match.group(2),
                match.group(3),
                orElse(match.group(4), "00"),
                orElse(match.group(5), "00"),
                orElse(match.group(6), "00"),
                (fraction + "000000").substring(0, 6),
                zone(orElse(match.group(8), "Z")));
    OffsetDateTime time = OffsetDateTime.parse(iso).withOffsetSameInstant(java.time.ZoneOffset.UTC);
    if (time.getYear() < 1 || time.getYear() > 9999) {
      throw new OutOfRange();
    }
    return Timestamps.format(Timestamps.micros(time.toInstant()));
  }

  /**
   * {@code YYYY-MM-DD}. Debezium appends a zone that means nothing.
   *
   * @throws DateTimeException where the text is no day
   */
  static String date(String text) throws OutOfRange {
    Matcher match = match(text);
    if (match.group(4) != null) {
      throw new DateTimeException("a time, not a day");
    }
    return LocalDate.parse("%s-%s-%s".formatted(match.group(1), match.group(2), match.group(3)))
        .toString();
  }

  private static Matcher match(String text) throws OutOfRange {
    if (INFINITY.matcher(text).matches()) {
      throw new OutOfRange();
    }
    Matcher match = ISO.matcher(text);
    if (!match.matches()) {
      throw new DateTimeException("expected ISO 8601");
    }
    if (match.group(1).length() != 4 || match.group(1).equals("0000")) {
      throw new OutOfRange();
    }
    return match;
  }

  /** {@code +02} and {@code +0200} as Java takes them. */
  private static String zone(String zone) {
    if (zone.equals("Z")) {
      return zone;
    }
    String digits = (zone.substring(1).replace(":", "") + "00").substring(0, 4);
    return zone.charAt(0) + digits.substring(0, 2) + ":" + digits.substring(2);
  }

  private static String orElse(String text, String otherwise) {
    return text == null ? otherwise : text;
  }
}
