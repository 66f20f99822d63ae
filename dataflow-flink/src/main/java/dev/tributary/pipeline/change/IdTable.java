package dev.tributary.pipeline.change;

import dev.tributary.pipeline.packed.Bytes;
import java.util.Arrays;

/** A set of 128-bit ids by open addressing. Ids are digests, so their bits need no mixing. */
final class IdTable {
  private long[] slots = new long[1024];
  private int size;
  private boolean hasZero;

  boolean isEmpty() {
    return size == 0;
  }

  void clear() {
    if (size > 0) {
      Arrays.fill(slots, 0);
      size = 0;
      hasZero = false;
    }
  }

  void addAll(byte[] ids, int length) {
    for (int at = 0; at < length; at += 2 * Long.BYTES) {
      add(Bytes.longAt(ids, at), Bytes.longAt(ids, at + Long.BYTES));
    }
  }

  /** Whether it was not there before. */
  boolean add(long high, long low) {
    if (high == 0 && low == 0) {
      // An empty slot looks like it.
      boolean added = !hasZero;
      hasZero = true;
      size += added ? 1 : 0;
      return added;
    }
    if (4 * (size + 1) > slots.length) {
      grow();
    }
    if (!place(high, low)) {
      return false;
    }
    size++;
    return true;
  }

  private boolean place(long high, long low) {
    int mask = slots.length - 1;
    for (int at = (int) low << 1 & mask; ; at = at + 2 & mask) {
      if (slots[at] == 0 && slots[at + 1] == 0) {
        slots[at] = high;
        slots[at + 1] = low;
        return true;
      }
      if (slots[at] == high && slots[at + 1] == low) {
        return false;
      }
    }
  }

  private void grow() {
    long[] old = slots;
    slots = new long[old.length * 2];
    for (int at = 0; at < old.length; at += 2) {
      if (old[at] != 0 || old[at + 1] != 0) {
        place(old[at], old[at + 1]);
      }
    }
  }
}
