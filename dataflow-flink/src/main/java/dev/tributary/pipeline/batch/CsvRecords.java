package dev.tributary.pipeline.batch;

import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * CSV as RFC 4180 has it, with the delimiter and quote of a mapping: quoted cells may hold line
 * ends.
 *
 * <p>One broken quote must not swallow the rest of the file: a record that does not close within
 * {@link #MAX_LINES} lines is bad in its first line, and reading goes on with the second.
 */
final class CsvRecords {
  /** More lines than any cell of a table holds; beyond, a quote was forgotten. */
  private static final int MAX_LINES = 100;

  private final LineReader lines;
  private final Character quote;
  private final CSVFormat format;
  private final Charset encoding;

  /**
   * A record's bytes.
   *
   * @param line number of its first line
   * @param problem why they are no record, or null
   */
  record Raw(long line, byte[] bytes, String problem) {}

  CsvRecords(LineReader lines, Mapping.Csv csv) {
    this.lines = lines;
    this.quote = csv.quote();
    this.format = CSVFormat.RFC4180.withDelimiter(csv.delimiter()).withQuote(csv.quote());
    this.encoding = Charset.forName(csv.encoding());
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
    while (line != null && line.whole() && taken.size() < MAX_LINES) {
      taken.add(line);
      open ^= hasOddQuotes(line.bytes());
      if (!open) {
        return new Raw(first.number(), joined(taken), null);
      }
      line = lines.next();
    }
    if (!first.whole()) {
      return new Raw(first.number(), first.bytes(), "The line is too long.");
    }
    if (line != null) {
      lines.pushBack(line);
    }
    while (taken.size() > 1) {
      lines.pushBack(taken.removeLast());
    }
    return new Raw(first.number(), first.bytes(), "A quoted cell does not close.");
  }

  /**
   * The cells of a record.
   *
   * @throws Refusal BAD_LINE
   */
  List<String> cells(Raw raw) throws Refusal {
    if (raw.problem() != null) {
      throw new Refusal(Reason.BAD_LINE, null, raw.problem());
    }
    String text;
    try {
      text = encoding.newDecoder().decode(ByteBuffer.wrap(raw.bytes())).toString();
    } catch (IOException e) {
      throw new Refusal(Reason.BAD_LINE, null, "The line is not " + encoding.name() + ".");
    }
    try (CSVParser parser = CSVParser.parse(text, format)) {
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

  private boolean hasOddQuotes(byte[] bytes) {
    boolean odd = false;
    for (byte value : bytes) {
      odd ^= quote != null && value == quote;
    }
    return odd;
  }

  private static byte[] joined(Deque<LineReader.Line> lines) {
    if (lines.size() == 1) {
      return lines.getFirst().bytes();
    }
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
