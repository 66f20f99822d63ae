package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The rows of a CSV file whose columns its first line names, or the mapping. */
final class CsvRows implements RowSource {
  private final StoredObject object;
  private final TextFile text;
  private final CsvRecords records;
  private final List<String> columns;

  CsvRows(StoredObject object, LandingFile file) throws IOException, FileRefusal {
    this.object = object;
    this.text = new TextFile(object, file.compression());
    this.records = new CsvRecords(text.lines(), file.mapping().csv());
    this.columns = file.mapping().columns() == null ? header() : file.mapping().columns();
  }

  @Override
  public List<String> columns() {
    return columns;
  }

  @Override
  public Entry next() throws IOException, FileRefusal {
    CsvRecords.Raw raw = text.whole(records::next);
    return raw == null ? null : new Line(raw);
  }

  @Override
  public void close() throws IOException {
    object.close();
  }

  private List<String> header() throws IOException, FileRefusal {
    CsvRecords.Raw first = text.whole(records::next);
    if (first == null) {
      throw new FileRefusal(
          FileRefusal.Code.WRONG_COLUMNS,
          "The file is empty; its first line must name the columns.");
    }
    try {
      return records.cells(first);
    } catch (Refusal refusal) {
      throw new FileRefusal(
          FileRefusal.Code.WRONG_COLUMNS,
          "The first line must name the columns. " + refusal.getMessage());
    }
  }

  private final class Line implements Entry {
    private final CsvRecords.Raw raw;

    Line(CsvRecords.Raw raw) {
      this.raw = raw;
    }

    @Override
    public long line() {
      return raw.line();
    }

    @Override
    public byte[] bytes() {
      return raw.bytes();
    }

    @Override
    public SourceRow row() throws Refusal {
      List<String> cells = records.cells(raw);
      if (cells.size() != columns.size()) {
        throw new Refusal(
            Reason.BAD_LINE,
            null,
            "The line has " + cells.size() + " cells for " + columns.size() + " columns.");
      }
      Map<String, JsonNode> values = new HashMap<>();
      for (int i = 0; i < cells.size(); i++) {
        values.put(columns.get(i), TextNode.valueOf(cells.get(i)));
      }
      return new SourceRow(raw.line(), values, true);
    }
  }
}
