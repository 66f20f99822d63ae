package dev.tributary.pipeline.batch;

import dev.tributary.pipeline.contract.Timestamps;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.TemporalAccessor;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Reads times as a mapping says they are written. */
final class FileTime {
  private static final Pattern NUMBER = Pattern.compile("-?\\d{1,19}(\\.\\d{1,9})?");

  private final DateTimeFormatter format;

  /** Digits after the point that a number has more than one in seconds; negative where text. */
  private final int epochScale;

  private final ZoneId zone;

  /**
   * @throws IllegalArgumentException when the format is none
   * @throws DateTimeException when the zone is none
   */
  FileTime(Mapping.Time time) {
    epochScale =
        switch (time.format()) {
          case "epoch_seconds" -> 0;
          case "epoch_milliseconds" -> 3;
          case "epoch_microseconds" -> 6;
          default -> -1;
        };
    zone = time.zone() == null ? null : ZoneId.of(time.zone());
    // Strict, or 30 February would become the 28th. That takes the proleptic year, which nobody
    // writes.
    format =
        epochScale >= 0
            ? null
            : new DateTimeFormatterBuilder()
                .parseCaseInsensitive()
                .appendPattern(time.format().replace('y', 'u'))
                .toFormatter(Locale.ENGLISH)
                .withResolverStyle(ResolverStyle.STRICT);
  }

  boolean hasZone() {
    return zone != null;
  }

  /**
   * @return microseconds
   * @throws DateTimeException when the text is no such time, or one that never was
   */
  long parse(String text) {
    if (format == null) {
      return epoch(text);
    }
    TemporalAccessor parsed =
        format.parseBest(text.strip(), OffsetDateTime::from, LocalDateTime::from, LocalDate::from);
    if (parsed instanceof OffsetDateTime time) {
      return Timestamps.exactMicros(time.toInstant());
    }
    return at(parsed instanceof LocalDate date ? date.atStartOfDay() : LocalDateTime.from(parsed));
  }

  /**
   * A clock's time in the mapping's zone. An hour that occurs twice counts as its first.
   *
   * @throws DateTimeException without a zone, or when clocks skipped that time
   */
  long at(LocalDateTime local) {
    if (zone == null) {
      throw new DateTimeException("the time has no zone");
    }
    List<ZoneOffset> offsets = zone.getRules().getValidOffsets(local);
    if (offsets.isEmpty()) {
      throw new DateTimeException("clocks skipped that time");
    }
    return Timestamps.exactMicros(local.toInstant(offsets.get(0)));
  }

  private long epoch(String text) {
    if (!NUMBER.matcher(text).matches()) {
      throw new DateTimeException("not a number of seconds since 1970");
    }
    BigDecimal seconds = new BigDecimal(text).movePointLeft(epochScale);
    BigDecimal whole = seconds.setScale(0, RoundingMode.FLOOR);
    try {
      long nanos = seconds.subtract(whole).movePointRight(9).longValueExact();
      return Timestamps.exactMicros(Instant.ofEpochSecond(whole.longValueExact(), nanos));
    } catch (ArithmeticException e) {
      throw new DateTimeException("finer than a nanosecond", e);
    }
  }
}
