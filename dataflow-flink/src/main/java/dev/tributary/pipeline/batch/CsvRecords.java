package dev.tributary.pipeline.batch;

import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.StrictJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * CSV as RFC 4180 has it: quoted cells may hold line ends.
 *
 * <p>One broken quote must not swallow the rest of the file: a record that does not close within
 * {@link #MAX_LINES} lines is bad in its first line, and reading goes on with the second.
 */
final class CsvRecords {
  /** More lines than any cell of a table holds; beyond, a quote was forgotten. */
  private static final int MAX_LINES = 100;

  private final LineReader lines;

  /**
   * A record's bytes.
   *
   * @param line number of its first line
   * @param complete whether its quotes close
   */
  record Raw(long line, byte[] bytes, boolean complete) {}

  CsvRecords(LineReader lines) {
    this.lines = lines;
  }

  /** The next record that is not an empty line, or null at the end of the file. */
  Raw next() throws IOException {
    LineReader.Line first = lines.next();
    while (first != null && first.bytes().length == 0) {
      first = lines.next();
    }
    if (first == null) {
      return null;
    }
    Deque<LineReader.Line> taken = new ArrayDeque<>();
    LineReader.Line line = first;
    boolean open = false;
    while (line != null && taken.size() < MAX_LINES) {
      taken.add(line);
      open ^= hasOddQuotes(line.bytes());
      if (!open) {
        return new Raw(first.number(), joined(taken), true);
      }
      line = lines.next();
    }
    if (line != null) {
      lines.pushBack(line);
    }
    while (taken.size() > 1) {
      lines.pushBack(taken.removeLast());
    }
    return new Raw(first.number(), first.bytes(), false);
  }

  /**
   * The cells of a record.
   *
   * @throws Refusal BAD_LINE
   */
  static List<String> cells(Raw raw) throws Refusal {
    if (!raw.complete()) {
      throw new Refusal(Reason.BAD_LINE, null, "A quoted cell does not close.");
    }
    String text;
    try {
      text = StrictJson.utf8(raw.bytes());
    } catch (IOException e) {
      throw new Refusal(Reason.BAD_LINE, null, "The line is not UTF-8.");
    }
    try (CSVParser parser = CSVParser.parse(text, CSVFormat.RFC4180)) {
      List<CSVRecord> records = parser.getRecords();
      if (records.size() != 1) {
        throw new Refusal(Reason.BAD_LINE, null, "The line is not one CSV record.");
      }
      List<String> cells = new ArrayList<>();
      records.get(0).forEach(cells::add);
      return cells;
    } catch (IOException | IllegalStateException | java.io.UncheckedIOException e) {
      // The parser's own message quotes the text.
      throw new Refusal(Reason.BAD_LINE, null, "The line is not CSV as RFC 4180 has it.");
    }
  }

  private static boolean hasOddQuotes(byte[] bytes) {
    boolean odd = false;
    for (byte value : bytes) {
      odd ^= value == '"';
    }
    return odd;
  }

  private static byte[] joined(Deque<LineReader.Line> lines) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (LineReader.Line line : lines) {
      if (bytes.size() > 0) {
        bytes.write('\n');
      }
      bytes.writeBytes(line.bytes());
    }
    return bytes.toByteArray();
  }
}
