package dev.tributary.pipeline.change;

/**
 * Reads {@code YYYY-MM-DDTHH:MM:SS.ffffffZ} digit by digit: {@code Timestamps.parse} for every
 * event.
 */
final class WireTime {
  /** No time is this: it is not a time as agreed. */
  static final long NONE = Long.MIN_VALUE;

  private static final int LENGTH = 27;
  private static final String FORM = "dddd-dd-ddTdd:dd:dd.ddddddZ";
  private static final int[] DAYS = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

  private WireTime() {}

  /**
   * Microseconds since 1970, or {@link #NONE}; it is exact about what exists, leap days included.
   */
  static long micros(char[] text, int at, int length) {
    if (length != LENGTH) {
      return NONE;
    }
    for (int i = 0; i < LENGTH; i++) {
      char form = FORM.charAt(i);
      char actual = text[at + i];
      if (form == 'd' ? actual < '0' || actual > '9' : actual != form) {
        return NONE;
      }
    }
    int year = number(text, at, 4);
    int month = number(text, at + 5, 2);
    int day = number(text, at + 8, 2);
    int hour = number(text, at + 11, 2);
    int minute = number(text, at + 14, 2);
    int second = number(text, at + 17, 2);
    // Year 0 is left to the reader that knows what to say of it.
    if (year == 0
        || month < 1
        || month > 12
        || day < 1
        || day > daysOf(year, month)
        || hour > 23
        || minute > 59
        || second > 59) {
      return NONE;
    }
    long seconds = epochDay(year, month, day) * 86_400L + hour * 3_600L + minute * 60L + second;
    return seconds * 1_000_000L + number(text, at + 20, 6);
  }

  private static int daysOf(int year, int month) {
    boolean leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : DAYS[month - 1];
  }

  /** Days since 1970 in the Gregorian calendar, by counting years from March on. */
  private static long epochDay(int year, int month, int day) {
    long y = month <= 2 ? year - 1 : year;
    long era = Math.floorDiv(y, 400L);
    long yearOfEra = y - era * 400;
    long dayOfYear = (153L * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    long dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
    return era * 146_097 + dayOfEra - 719_468;
  }

  private static int number(char[] text, int at, int digits) {
    int value = 0;
    for (int i = at; i < at + digits; i++) {
      value = value * 10 + text[i] - '0';
    }
    return value;
  }
}
