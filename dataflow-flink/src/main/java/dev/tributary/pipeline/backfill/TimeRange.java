package dev.tributary.pipeline.backfill;

import dev.tributary.pipeline.contract.Timestamps;
import java.io.Serializable;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A range of bus publish times: how {@code raw/} is partitioned, and when the pipeline first saw a
 * message.
 *
 * @param from inclusive, microseconds
 * @param to exclusive, microseconds
 */
public record TimeRange(long from, long to) implements Serializable {
  private static final Pattern DAY = Pattern.compile("/dt=(\\d{4}-\\d\\d-\\d\\d)/");

  /** More listings than this cost more than listing what lies between, too. */
  private static final int MAX_LISTINGS = 62;

  /** All there is. */
  public static final TimeRange ALWAYS = new TimeRange(Long.MIN_VALUE, Long.MAX_VALUE);

  boolean contains(long micros) {
    return from <= micros && micros < to;
  }

  /** What to list of a folder of days so that nothing of the range is missed. */
  List<String> prefixes(String folder) {
    if (equals(ALWAYS)) {
      return List.of(folder);
    }
    LocalDate first = day(from);
    LocalDate last = day(to - 1);
    return first.plusDays(MAX_LISTINGS).isBefore(last)
        ? List.of(folder)
        : first.datesUntil(last.plusDays(1)).map(day -> folder + "dt=" + day + "/").toList();
  }

  /** Whether a file of this path may hold messages of the range. */
  boolean mayHold(String path) {
    Matcher day = DAY.matcher(path);
    if (!day.find() || equals(ALWAYS)) {
      return true;
    }
    LocalDate date = LocalDate.parse(day.group(1));
    return !date.isBefore(day(from)) && !date.isAfter(day(to - 1));
  }

  private static LocalDate day(long micros) {
    return Timestamps.instant(micros).atOffset(ZoneOffset.UTC).toLocalDate();
  }
}
