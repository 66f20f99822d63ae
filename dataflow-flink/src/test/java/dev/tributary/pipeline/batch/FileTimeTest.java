package dev.tributary.pipeline.batch;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import dev.tributary.pipeline.contract.Timestamps;
import java.time.DateTimeException;
import org.junit.Test;

public class FileTimeTest {
  @Test
  public void epochsAreCountedExactly() {
    assertTime("2017-11-25T01:21:10.000000Z", "epoch_seconds", null, "1511572870");
    assertTime("2017-11-25T01:21:10.250000Z", "epoch_seconds", null, "1511572870.25");
    assertTime("1969-12-31T23:59:59.750000Z", "epoch_milliseconds", null, "-250");
    assertTime("1970-01-01T00:00:00.000001Z", "epoch_microseconds", null, "1");
    assertNoTime("epoch_seconds", null, "1e9");
    assertNoTime("epoch_seconds", null, "1511572870.0000001");
    assertNoTime("epoch_seconds", null, "99999999999999");
    assertNoTime("epoch_microseconds", null, "0.000001");
  }

  @Test
  public void clocksOfAZoneAreReadAsTheyStoodThen() {
    String format = "M/d/yyyy H:mm";
    assertTime("2010-12-01T08:26:00.000000Z", format, "Europe/London", "12/1/2010 8:26");
    assertTime("2011-07-01T11:00:00.000000Z", format, "Europe/London", "7/1/2011 12:00");
    // Twice on the clock; the first is summer time.
    assertTime("2011-10-30T00:30:00.000000Z", format, "Europe/London", "10/30/2011 1:30");
    // Clocks went from one to two.
    assertNoTime(format, "Europe/London", "3/27/2011 1:30");
    assertNoTime(format, "Europe/London", "2/30/2011 12:00");
    assertNoTime(format, "Europe/London", "2011-07-01 12:00");
  }

  @Test
  public void anOffsetInTheTextNeedsNoZoneAndADayBeginsAtMidnight() {
    assertTime(
        "2026-11-21T04:20:02.000000Z", "yyyy-MM-dd HH:mm:ssXXX", null, "2026-11-21 05:20:02+01:00");
    assertTime("2026-11-20T15:00:00.000000Z", "d.M.yyyy", "Asia/Tokyo", "21.11.2026");
    assertTime("2026-11-21T17:05:00.000000Z", "d MMM yyyy h:mm a", "UTC", "21 NOV 2026 5:05 pm");
  }

  private static void assertTime(String expected, String format, String zone, String text) {
    FileTime time = new FileTime(new Mapping.Time(format, zone));
    assertEquals(expected, Timestamps.format(time.parse(text)));
  }

  private static void assertNoTime(String format, String zone, String text) {
    FileTime time = new FileTime(new Mapping.Time(format, zone));
    assertThrows(text, DateTimeException.class, () -> time.parse(text));
  }
}
