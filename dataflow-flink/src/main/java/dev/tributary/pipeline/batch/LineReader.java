package dev.tributary.pipeline.batch;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Physical lines as bytes, with their numbers, and with the way back that reading quoted records
 * needs. A line ends with LF or CRLF, which are not part of it.
 */
final class LineReader {
  private final InputStream in;
  private final Deque<Line> pushedBack = new ArrayDeque<>();
  private long number;

  /**
   * @param number the first line's is 1
   */
  record Line(long number, byte[] bytes) {}

  LineReader(InputStream in) {
    this.in = new BufferedInputStream(in, 1 << 16);
  }

  /** The next line, or null at the end of the file. */
  Line next() throws IOException {
    if (!pushedBack.isEmpty()) {
      return pushedBack.pop();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    int value;
    boolean any = false;
    while ((value = in.read()) >= 0) {
      any = true;
      if (value == '\n') {
        break;
      }
      bytes.write(value);
    }
    if (!any) {
      return null;
    }
    byte[] line = bytes.toByteArray();
    if (line.length > 0 && line[line.length - 1] == '\r') {
      line = java.util.Arrays.copyOf(line, line.length - 1);
    }
    number++;
    return new Line(number, line);
  }

  /** The line will be next again; the last one pushed back comes first. */
  void pushBack(Line line) {
    pushedBack.push(line);
  }
}
