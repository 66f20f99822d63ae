package dev.tributary.pipeline.feature;

import dev.tributary.pipeline.contract.Timestamps;

/**
 * Times as text, the wire form of {@code Timestamps.format}. Rows that come one after the other
 * mostly share a few minutes, so each is formatted once.
 */
final class MicrosText {
  private static final long MICROS_PER_MINUTE = 60_000_000L;

  /** Up to the colon before the seconds. */
  private static final int MINUTE_LENGTH = "YYYY-MM-DDTHH:MM:".length();

  private record Minute(long number, String text) {}

  private static final int REMEMBERED = 256;

  /** Whatever thread formatted a minute last; a race costs a repetition, no more. */
  private static final Minute[] MINUTES = new Minute[REMEMBERED];

  private MicrosText() {}

  static String of(long micros) {
    long number = Math.floorDiv(micros, MICROS_PER_MINUTE);
    int place = (int) Math.floorMod(number, (long) REMEMBERED);
    Minute minute = MINUTES[place];
    if (minute == null || minute.number != number) {
      minute =
          new Minute(
              number, Timestamps.format(number * MICROS_PER_MINUTE).substring(0, MINUTE_LENGTH));
      MINUTES[place] = minute;
    }
    int rest = (int) Math.floorMod(micros, MICROS_PER_MINUTE);
    char[] text = new char[MINUTE_LENGTH + "SS.ffffffZ".length()];
    minute.text.getChars(0, MINUTE_LENGTH, text, 0);
    text[text.length - 1] = 'Z';
    for (int i = text.length - 2; i >= MINUTE_LENGTH; i--) {
      if (i == MINUTE_LENGTH + 2) {
        text[i] = '.';
      } else {
        text[i] = (char) ('0' + rest % 10);
        rest /= 10;
      }
    }
    return new String(text);
  }
}
