package dev.tributary.pipeline.batch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Physical lines as bytes, with their numbers, and with the way back that reading quoted records
 * needs. A line ends with LF or CRLF, which are not part of it, nor is a byte order mark.
 */
final class LineReader {
  /** A longer line is a file of another kind; a file without line ends must not fill memory. */
  static final int MAX_LINE_BYTES = 16 << 20;

  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private final Deque<Line> pushedBack = new ArrayDeque<>();
  private int from;
  private int to;
  private long number;

  /**
   * @param number the first line's is 1
   * @param bytes at most {@link #MAX_LINE_BYTES} of them
   * @param whole whether that is all of it
   */
  record Line(long number, byte[] bytes, boolean whole) {}

  LineReader(InputStream in) {
    this.in = in;
  }

  /** The next line, or null at the end of the file. */
  Line next() throws IOException {
    if (!pushedBack.isEmpty()) {
      return pushedBack.pop();
    }
    if (!fill()) {
      return null;
    }
    ByteArrayOutputStream line = new ByteArrayOutputStream(256);
    boolean whole = true;
    boolean ended = false;
    while (!ended && fill()) {
      int end = from;
      while (end < to && buffer[end] != '\n') {
        end++;
      }
      int room = MAX_LINE_BYTES - line.size();
      whole &= end - from <= room;
      line.write(buffer, from, Math.min(end - from, room));
      ended = end < to;
      from = ended ? end + 1 : end;
    }
    number++;
    return new Line(number, trimmed(line.toByteArray()), whole);
  }

  /** The line will be next again; the last one pushed back comes first. */
  void pushBack(Line line) {
    pushedBack.push(line);
  }

  private boolean fill() throws IOException {
    while (from == to) {
      from = 0;
      to = in.read(buffer, 0, buffer.length);
      if (to < 0) {
        to = 0;
        return false;
      }
    }
    return true;
  }

  private byte[] trimmed(byte[] line) {
    int start =
        number == 1 && Arrays.mismatch(line, BYTE_ORDER_MARK) == BYTE_ORDER_MARK.length
            ? BYTE_ORDER_MARK.length
            : 0;
    if (number == 1 && Arrays.equals(line, BYTE_ORDER_MARK)) {
      return new byte[0];
    }
    int end = line.length > 0 && line[line.length - 1] == '\r' ? line.length - 1 : line.length;
    return start == 0 && end == line.length ? line : Arrays.copyOfRange(line, start, end);
  }
}
