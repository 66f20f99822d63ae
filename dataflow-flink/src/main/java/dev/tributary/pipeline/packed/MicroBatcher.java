package dev.tributary.pipeline.packed;

import java.util.Arrays;
import org.joda.time.Instant;

/**
 * Puts what belongs to the same key together, so that a shuffle moves, and state is asked for, a
 * few dozen items at once.
 *
 * <p>Batching must not cost time when there is little to do: as long as elements come seldom, each
 * is passed on at once. When they come quickly, a batch is passed on when it is full or old, which
 * is looked at whenever an element comes, and at the end of the bundle, which the runner ends
 * within {@code maxBundleTimeMills} at the latest.
 */
public final class MicroBatcher {
  /** Above this mean gap between elements, nothing waits. */
  private static final long SELDOM_NANOS = 150_000;

  /** No item waits longer while others come. */
  private static final long MAX_AGE_NANOS = 10_000_000;

  /** How fast the mean gap follows: one over this. */
  private static final int SMOOTHING = 16;

  /** A gap counts as at most this: one pause does not make a stream a slow one. */
  private static final long MAX_GAP_NANOS = 4 * SELDOM_NANOS;

  private final int maxBytes;
  private final Bytes[] open;
  private final long[] timestamps;
  private final int[] used;
  private int usedCount;
  private long oldestNanos;
  private long lastNanos;
  private long meanGapNanos = MAX_GAP_NANOS;

  /** Takes a batch; its bytes are the taker's. */
  @FunctionalInterface
  public interface Output {
    void emit(int key, byte[] batch, Instant timestamp);
  }

  /**
   * @param keys keys are below this
   * @param maxBytes a batch is passed on when it has this much
   */
  public MicroBatcher(int keys, int maxBytes) {
    this.maxBytes = maxBytes;
    this.open = new Bytes[keys];
    this.timestamps = new long[keys];
    this.used = new int[keys];
  }

  /** Forgets what a bundle that failed has left: it comes again. */
  public void reset() {
    for (int i = 0; i < usedCount; i++) {
      open[used[i]].truncate(0);
    }
    usedCount = 0;
  }

  /** Adds an item; the batch has the least timestamp of its items. */
  public void add(int key, byte[] source, int offset, int length, long millis, Output output) {
    Bytes batch = open[key];
    if (batch == null) {
      batch = new Bytes(Math.max(length, 256));
      open[key] = batch;
    }
    if (batch.size() == 0) {
      used[usedCount++] = key;
      timestamps[key] = millis;
    } else if (millis < timestamps[key]) {
      timestamps[key] = millis;
    }
    batch.put(source, offset, length);
    if (batch.size() >= maxBytes) {
      emit(key, output);
    }
  }

  /** To be called when an element has been added whole: passes on what must not wait. */
  public void settle(Output output) {
    long now = System.nanoTime();
    long gap = Math.min(now - lastNanos, MAX_GAP_NANOS);
    lastNanos = now;
    meanGapNanos += (gap - meanGapNanos) / SMOOTHING;
    if (usedCount == 0) {
      oldestNanos = now;
    } else if (meanGapNanos > SELDOM_NANOS || now - oldestNanos > MAX_AGE_NANOS) {
      flush(output);
      oldestNanos = now;
    }
  }

  /** Passes on everything. */
  public void flush(Output output) {
    int count = usedCount;
    int[] keys = Arrays.copyOf(used, count);
    usedCount = 0;
    for (int key : keys) {
      if (open[key].size() > 0) {
        emitBytes(key, output);
      }
    }
  }

  private void emit(int key, Output output) {
    for (int i = 0; i < usedCount; i++) {
      if (used[i] == key) {
        used[i] = used[--usedCount];
        break;
      }
    }
    emitBytes(key, output);
  }

  private void emitBytes(int key, Output output) {
    Bytes batch = open[key];
    byte[] content = batch.copy();
    batch.truncate(0);
    output.emit(key, content, new Instant(timestamps[key]));
  }
}
