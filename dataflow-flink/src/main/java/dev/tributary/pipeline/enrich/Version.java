package dev.tributary.pipeline.enrich;

import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.PackedRow;
import java.nio.charset.StandardCharsets;

/**
 * The values of one key from an event time on, as packed versions hold them.
 *
 * <pre>
 * int length of what follows · long event time · long lsn · values, each: text field's name, tag and value
 * </pre>
 */
final class Version {
  private static final int TIME = Integer.BYTES;
  private static final int LSN = TIME + Long.BYTES;
  private static final int VALUES = LSN + Long.BYTES;

  private Version() {}

  static int next(byte[] versions, int position) {
    return position + Integer.BYTES + Bytes.intAt(versions, position);
  }

  static long time(byte[] versions, int position) {
    return Bytes.longAt(versions, position + TIME);
  }

  private static long lsn(byte[] versions, int position) {
    return Bytes.longAt(versions, position + LSN);
  }

  /**
   * The versions with one more, sorted by event time and then by place in the source's log.
   *
   * @param versions or null
   * @param content what follows the length
   * @param max the oldest are forgotten beyond this many
   */
  static byte[] insert(byte[] versions, byte[] source, int content, int length, int max) {
    byte[] old = versions == null ? new byte[0] : versions;
    Bytes item = new Bytes(Integer.BYTES + length).putInt(length).put(source, content, length);
    long time = time(item.array(), 0);
    long lsn = lsn(item.array(), 0);
    int place = 0;
    int count = 0;
    for (int at = 0; at < old.length; at = next(old, at)) {
      count++;
      boolean before = time(old, at) < time || time(old, at) == time && lsn(old, at) < lsn;
      if (time(old, at) == time && lsn(old, at) == lsn) {
        // The same change once more.
        return old;
      }
      if (before) {
        place = next(old, at);
      }
    }
    int from = count >= max ? next(old, 0) : 0;
    if (from > place) {
      // Older than all that is remembered, and there is no room.
      return old;
    }
    return new Bytes(old.length + item.size())
        .put(old, from, place - from)
        .put(item)
        .put(old, place, old.length - place)
        .copy();
  }

  /** Where the version valid at a time is, or -1 where none is known. */
  static int at(byte[] versions, long time) {
    int found = -1;
    for (int at = 0; at < versions.length && time(versions, at) <= time; at = next(versions, at)) {
      found = at;
    }
    return found;
  }

  /** Where a field's value is: the position of its tag, or -1 where the version lacks it. */
  static int value(byte[] versions, int version, byte[] field) {
    int end = next(versions, version);
    for (int at = version + VALUES; at < end; ) {
      int length = Bytes.intAt(versions, at);
      int name = at + Integer.BYTES;
      int tag = name + length;
      if (java.util.Arrays.equals(versions, name, tag, field, 0, field.length)) {
        return tag;
      }
      at = PackedRow.next(versions, tag);
    }
    return -1;
  }

  static byte[] name(String field) {
    return field.getBytes(StandardCharsets.UTF_8);
  }
}
