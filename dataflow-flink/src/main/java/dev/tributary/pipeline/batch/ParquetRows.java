package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * The rows of a Parquet file: the columns that are read, one row group at a time. A row's number is
 * its line.
 */
final class ParquetRows implements RowSource {
  private final StoredObject object;
  private final ParquetFileReader reader;
  private final List<String> columns;
  private final List<String> read = new ArrayList<>();
  private final MessageType projection;
  private final ParquetCells cells;
  private RecordReader<JsonNode[]> records;
  private long left;
  private long number;

  ParquetRows(StoredObject object, List<FieldRule> rules) throws IOException, FileRefusal {
    this.object = object;
    reader = whole(() -> ParquetFileReader.open(object, options()));
    MessageType schema = reader.getFileMetaData().getSchema();
    columns = schema.getFields().stream().map(Type::getName).toList();
    List<ParquetColumn> types = new ArrayList<>();
    List<Type> projected = new ArrayList<>();
    for (Type type : schema.getFields()) {
      List<FieldRule> users =
          rules.stream().filter(rule -> rule.rule().columns().contains(type.getName())).toList();
      if (!users.isEmpty()) {
        types.add(typed(type, users));
        projected.add(type);
        read.add(type.getName());
      }
    }
    checkCodecs();
    projection = new MessageType(schema.getName(), projected);
    reader.setRequestedSchema(projection);
    cells = new ParquetCells(types);
  }

  @Override
  public List<String> columns() {
    return columns;
  }

  @Override
  public Entry next() throws IOException, FileRefusal {
    JsonNode[] row = whole(this::record);
    if (row == null) {
      return null;
    }
    number++;
    Map<String, JsonNode> values = new HashMap<>();
    for (int i = 0; i < row.length; i++) {
      if (row[i] != null) {
        values.put(read.get(i), row[i]);
      }
    }
    return new Row(new SourceRow(number, values, false));
  }

  @Override
  public void close() throws IOException {
    try (object) {
      reader.close();
    }
  }

  private JsonNode[] record() throws IOException {
    while (left == 0) {
      PageReadStore group = reader.readNextRowGroup();
      if (group == null) {
        return null;
      }
      left = group.getRowCount();
      records = new ColumnIOFactory().getColumnIO(projection).getRecordReader(group, cells);
    }
    left--;
    return records.read();
  }

  private static ParquetReadOptions options() {
    return ParquetReadOptions.builder(new PlainParquetConfiguration())
        .withCodecFactory(new ParquetDecompression())
        .usePageChecksumVerification(true)
        .build();
  }

  private static ParquetColumn typed(Type type, List<FieldRule> users) throws FileRefusal {
    ParquetColumn column =
        ParquetColumn.of(type)
            .orElseThrow(
                () ->
                    new FileRefusal(
                        FileRefusal.Code.WRONG_COLUMNS,
                        "The column " + type.getName() + " is of a type that no field has."));
    for (FieldRule rule : users) {
      if (!rule.takes(column.kind())) {
        String problem =
            column.kind() == CellKind.LOCAL_TIME
                ? " holds times without a zone; name the zone in a mapping."
                : " holds " + column.kind() + ", which " + rule.field().type() + " is not made of.";
        throw new FileRefusal(
            FileRefusal.Code.WRONG_COLUMNS, "The column " + type.getName() + problem);
      }
    }
    return column;
  }

  private void checkCodecs() throws FileRefusal {
    for (BlockMetaData group : reader.getRowGroups()) {
      for (ColumnChunkMetaData chunk : group.getColumns()) {
        if (!ParquetDecompression.reads(chunk.getCodec())) {
          throw new FileRefusal(
              FileRefusal.Code.UNSUPPORTED_FORMAT,
              "The file is compressed with "
                  + chunk.getCodec()
                  + "; write it with snappy, zstd, gzip, lz4_raw or without.");
        }
      }
    }
  }

  private interface Reading<T> {
    T get() throws IOException;
  }

  private <T> T whole(Reading<T> reading) throws IOException, FileRefusal {
    try {
      return reading.get();
    } catch (IOException | RuntimeException e) {
      // Parquet throws a dozen kinds of exception over bytes that are not what they should be.
      if (object.storeFailed()) {
        throw e;
      }
      throw new FileRefusal(
          FileRefusal.Code.CORRUPT_FILE,
          "The file is not whole Parquet: it was cut off or damaged. Drop it again.",
          e);
    }
  }

  private record Row(SourceRow row) implements Entry {
    @Override
    public long line() {
      return row.line();
    }

    @Override
    public byte[] bytes() {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      row.cells().forEach((column, cell) -> json.set(column, Cells.writable(cell)));
      return json.toString().getBytes(StandardCharsets.UTF_8);
    }
  }
}
