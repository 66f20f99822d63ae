package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.StrictJson;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The rows of a file with one JSON object a line. */
final class JsonRows implements RowSource {
  private final StoredObject object;
  private final TextFile text;
  private final LineReader lines;

  JsonRows(StoredObject object, LandingFile file) throws IOException, FileRefusal {
    this.object = object;
    this.text = new TextFile(object, file.compression());
    this.lines = text.lines();
  }

  @Override
  public List<String> columns() {
    return null;
  }

  @Override
  public Entry next() throws IOException, FileRefusal {
    LineReader.Line line = text.whole(lines::next);
    while (line != null && line.bytes().length == 0) {
      line = text.whole(lines::next);
    }
    return line == null ? null : new ObjectLine(line);
  }

  @Override
  public void close() throws IOException {
    object.close();
  }

  private record ObjectLine(LineReader.Line read) implements Entry {
    @Override
    public long line() {
      return read.number();
    }

    @Override
    public byte[] bytes() {
      return read.bytes();
    }

    @Override
    public SourceRow row() throws Refusal {
      if (!read.whole()) {
        throw new Refusal(Reason.BAD_LINE, null, "The line is too long.");
      }
      try {
        Map<String, JsonNode> members = new HashMap<>();
        StrictJson.readObject(read.bytes(), "line")
            .fields()
            .forEachRemaining(member -> members.put(member.getKey(), member.getValue()));
        return new SourceRow(read.number(), members, false);
      } catch (Refusal refusal) {
        throw new Refusal(Reason.BAD_LINE, null, refusal.getMessage());
      }
    }
  }
}
