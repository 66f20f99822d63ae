package dev.tributary.pipeline.contract;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.regex.Pattern;

/** Instants as microseconds since 1970 UTC, the precision of the warehouse, and their wire form. */
public final class Timestamps {
  private static final Pattern WIRE =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
  private static final Pattern WIRE_DATE = Pattern.compile("\\d{4}-\\d\\d-\\d\\d");
  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
          .withResolverStyle(ResolverStyle.STRICT);

  private Timestamps() {}

  /**
   * Reads {@code YYYY-MM-DDTHH:MM:SS.ffffffZ}.
   *
   * @throws DateTimeException when the text has another form or names no instant, such as 30
   *     February
   */
  public static long parse(String text) {
    if (!WIRE.matcher(text).matches()) {
      throw new DateTimeException("expected YYYY-MM-DDTHH:MM:SS.ffffffZ");
    }
    return micros(LocalDateTime.parse(text, FORMAT).toInstant(ZoneOffset.UTC));
  }

  /**
   * Reads any RFC 3339 time, as people write them in files.
   *
   * @throws DateTimeException when it is not one, has no zone, or is finer than a microsecond
   */
  public static long parseLenient(String text) {
    return exactMicros(OffsetDateTime.parse(text.replaceFirst("^(\\S+) ", "$1T")).toInstant());
  }

  /**
   * @throws DateTimeException when the instant is finer than a microsecond, or in no year that the
   *     warehouse has
   */
  public static long exactMicros(Instant instant) {
    if (instant.getNano() % 1_000 != 0) {
      throw new DateTimeException("finer than a microsecond");
    }
    if (instant.isBefore(Instant.parse("0001-01-01T00:00:00Z"))
        || instant.isAfter(Instant.parse("9999-12-31T23:59:59.999999Z"))) {
      throw new DateTimeException("outside the years 1 to 9999");
    }
    return micros(instant);
  }

  /**
   * Reads {@code YYYY-MM-DD} as days since 1970.
   *
   * @throws DateTimeException when the text has another form or names no day
   */
  public static int parseDate(String text) {
    if (!WIRE_DATE.matcher(text).matches()) {
      throw new DateTimeException("expected YYYY-MM-DD");
    }
    return Math.toIntExact(LocalDate.parse(text).toEpochDay());
  }

  /** The wire form: always six digits, UTC. */
  public static String format(long micros) {
    return FORMAT.format(LocalDateTime.ofInstant(instant(micros), ZoneOffset.UTC));
  }

  public static Instant instant(long micros) {
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000);
  }

  public static long micros(Instant instant) {
    return Math.addExact(
        Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1_000);
  }
}
