package dev.tributary.pipeline.feature;

import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * Events of one entity by time, with running totals of their measures: a sum over a window is the
 * difference of two totals, however many events the window has.
 *
 * <p>A log is a view of arrays that are only ever written behind the end of every view. So a log is
 * immutable, which a runner that writes a checkpoint in the background relies on, and adding the
 * newest event copies nothing.
 *
 * <p>Totals are exact: 128-bit integers of the group's scale.
 */
final class EventLog {
  /** Amounts below two to the power of this add up without overflow, however many there are. */
  private static final int MAX_AMOUNT_BITS = 100;

  private static final int FIRST_CAPACITY = 4;

  /** The arrays, shared by all logs that grew from one another. */
  private static final class Store {
    final long[] times;
    final long[] keysHigh;
    final long[] keysLow;

    /** By measure, then by event: the total up to and including the event. */
    final long[][] totalsHigh;

    final long[][] totalsLow;

    /** How much is written; only the log that ends here may write on. */
    int size;

    Store(int capacity, int measures) {
      times = new long[capacity];
      keysHigh = new long[capacity];
      keysLow = new long[capacity];
      totalsHigh = new long[measures][capacity];
      totalsLow = new long[measures][capacity];
    }
  }

  private final Store store;
  private final int from;
  private final int to;

  private EventLog(Store store, int from, int to) {
    this.store = store;
    this.from = from;
    this.to = to;
  }

  static EventLog empty(int measures) {
    return new EventLog(new Store(FIRST_CAPACITY, measures), 0, 0);
  }

  /**
   * An amount as it is added up.
   *
   * @param scale decimal places
   * @return null where it is too large to be added up exactly
   */
  static BigInteger unscaled(BigDecimal amount, int scale) {
    if (amount == null) {
      return BigInteger.ZERO;
    }
    if (amount.scale() > scale) {
      return null;
    }
    BigInteger unscaled = amount.setScale(scale).unscaledValue();
    return unscaled.bitLength() <= MAX_AMOUNT_BITS ? unscaled : null;
  }

  int size() {
    return to - from;
  }

  int measures() {
    return store.totalsHigh.length;
  }

  /** Event times are by place, from 0. */
  long time(int place) {
    return store.times[from + place];
  }

  long keyHigh(int place) {
    return store.keysHigh[from + place];
  }

  long keyLow(int place) {
    return store.keysLow[from + place];
  }

  /** What the event at a place adds to a measure. */
  BigInteger amount(int measure, int place) {
    int at = from + place;
    if (at > 0 && isLong(measure, at) && isLong(measure, at - 1)) {
      long more = store.totalsLow[measure][at];
      long less = store.totalsLow[measure][at - 1];
      long difference = more - less;
      if (((more ^ less) & (more ^ difference)) >= 0) {
        return BigInteger.valueOf(difference);
      }
    }
    return total(measure, place + 1).subtract(total(measure, place));
  }

  /** Whether a row's event is here. */
  boolean contains(long high, long low) {
    for (int i = from; i < to; i++) {
      if (store.keysLow[i] == low && store.keysHigh[i] == high) {
        return true;
      }
    }
    return false;
  }

  /** The first place whose time is at least, or where {@code after}, above a time. */
  int place(long time, boolean after) {
    int low = from;
    int high = to;
    while (low < high) {
      int middle = (low + high) >>> 1;
      long at = store.times[middle];
      if (at < time || after && at == time) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - from;
  }

  /** A measure's sum over the places from, inclusive, to another, exclusive. */
  BigDecimal sum(int measure, int first, int end, int scale) {
    if (first == end) {
      return BigDecimal.ZERO;
    }
    int upper = from + end - 1;
    long high = store.totalsHigh[measure][upper];
    long low = store.totalsLow[measure][upper];
    int lower = from + first - 1;
    if (lower >= 0) {
      long lessLow = store.totalsLow[measure][lower];
      long borrow = Long.compareUnsigned(low, lessLow) < 0 ? 1 : 0;
      low -= lessLow;
      high -= store.totalsHigh[measure][lower] + borrow;
    }
    return high == low >> 63
        ? BigDecimal.valueOf(low, scale)
        : new BigDecimal(bigInteger(high, low), scale);
  }

  /** The log without the events before a place. */
  EventLog dropBefore(int place) {
    return place == 0 ? this : new EventLog(store, from + place, to);
  }

  /** The log with an event, after those of the same time. */
  EventLog with(long time, long keyHigh, long keyLow, BigInteger[] amounts) {
    int place = place(time, true);
    boolean newest = place == size();
    Store target = store;
    int start = from;
    int end = to;
    if (!newest || store.size != to || to == store.times.length) {
      // Another log has grown from here before (a bundle that is repeated), the event is late, or
      // there is no room.
      target = new Store(Math.max(FIRST_CAPACITY, size() * 2), measures());
      start = 0;
      end = 0;
      for (int i = 0; i < place; i++) {
        copy(i, target);
      }
      end = place;
    }
    append(target, end++, time, keyHigh, keyLow, amounts);
    for (int i = place; target != store && i < size(); i++) {
      copy(i, target);
      end++;
    }
    return new EventLog(target, start, end);
  }

  private boolean isLong(int measure, int at) {
    return store.totalsHigh[measure][at] == store.totalsLow[measure][at] >> Long.SIZE - 1;
  }

  private void copy(int place, Store target) {
    BigInteger[] amounts = new BigInteger[measures()];
    for (int measure = 0; measure < amounts.length; measure++) {
      amounts[measure] = amount(measure, place);
    }
    append(target, target.size, time(place), keyHigh(place), keyLow(place), amounts);
  }

  private static void append(
      Store target, int at, long time, long keyHigh, long keyLow, BigInteger[] amounts) {
    target.times[at] = time;
    target.keysHigh[at] = keyHigh;
    target.keysLow[at] = keyLow;
    for (int measure = 0; measure < amounts.length; measure++) {
      long high = amounts[measure].shiftRight(Long.SIZE).longValue();
      long low = amounts[measure].longValue();
      if (at > 0) {
        long sum = target.totalsLow[measure][at - 1] + low;
        long carry = Long.compareUnsigned(sum, low) < 0 ? 1 : 0;
        high += target.totalsHigh[measure][at - 1] + carry;
        low = sum;
      }
      target.totalsHigh[measure][at] = high;
      target.totalsLow[measure][at] = low;
    }
    target.size = at + 1;
  }

  /** The total of all events of the store before a place. */
  private BigInteger total(int measure, int place) {
    int at = from + place - 1;
    return at < 0
        ? BigInteger.ZERO
        : bigInteger(store.totalsHigh[measure][at], store.totalsLow[measure][at]);
  }

  private static BigInteger bigInteger(long high, long low) {
    return BigInteger.valueOf(high)
        .shiftLeft(Long.SIZE)
        .add(BigInteger.valueOf(low >>> 1).shiftLeft(1).add(BigInteger.valueOf(low & 1)));
  }
}
