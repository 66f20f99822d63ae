package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.contract.Decimals;
import dev.tributary.pipeline.contract.FieldType;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;

/**
 * Reads a lake file back, with the values that {@link ParquetEncoder} was given; one row group is
 * decoded at a time.
 */
public final class ParquetRows implements Closeable {
  private final ParquetFileReader file;
  private final List<Column> columns;
  private final MessageColumnIO layout;
  private final Materializer materializer;
  private RecordReader<Object[]> records;
  private long left;

  private ParquetRows(ParquetFileReader file, MessageType schema) {
    this.file = file;
    this.columns = schema.getFields().stream().map(type -> column(type.asPrimitiveType())).toList();
    this.layout = new ColumnIOFactory().getColumnIO(schema);
    this.materializer = new Materializer(columns);
  }

  /**
   * @throws IOException where the bytes are no Parquet file
   */
  public static ParquetRows open(byte[] bytes) throws IOException {
    ParquetFileReader file = reader(bytes);
    return new ParquetRows(file, file.getFileMetaData().getSchema());
  }

  /** Reads one column and skips the pages of the others. */
  public static ParquetRows openOnly(byte[] bytes, String column) throws IOException {
    ParquetFileReader file = reader(bytes);
    MessageType whole = file.getFileMetaData().getSchema();
    MessageType schema = new MessageType(whole.getName(), whole.getType(column));
    file.setRequestedSchema(schema);
    return new ParquetRows(file, schema);
  }

  private static ParquetFileReader reader(byte[] bytes) throws IOException {
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration())
            .withCodecFactory(new SnappyCodec())
            .build();
    return ParquetFileReader.open(new Memory(bytes), options);
  }

  /** Those of the file, which an older contract may have written. */
  public List<Column> columns() {
    return columns;
  }

  /** The next row's values, one for each column, or null at the end. */
  public Object[] next() throws IOException {
    while (left == 0) {
      PageReadStore group = file.readNextRowGroup();
      if (group == null) {
        return null;
      }
      left = group.getRowCount();
      records = layout.getRecordReader(group, materializer);
    }
    left--;
    return records.read();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private static Column column(PrimitiveType type) {
    FieldType field =
        switch (type.getPrimitiveTypeName()) {
          case INT64 ->
              type.getLogicalTypeAnnotation() instanceof TimestampLogicalTypeAnnotation
                  ? FieldType.TIMESTAMP
                  : FieldType.INT64;
          case INT32 ->
              type.getLogicalTypeAnnotation() instanceof DateLogicalTypeAnnotation
                  ? FieldType.DATE
                  : null;
          case FIXED_LEN_BYTE_ARRAY -> FieldType.NUMERIC;
          case DOUBLE -> FieldType.FLOAT64;
          case BOOLEAN -> FieldType.BOOL;
          // JSON is text in files.
          case BINARY ->
              type.getLogicalTypeAnnotation() == null ? FieldType.BYTES : FieldType.STRING;
          case FLOAT, INT96 ->
              throw new IllegalArgumentException(
                  type.getName() + " has a type that no lake file has");
        };
    return new Column(type.getName(), field);
  }

  private static final class Materializer extends RecordMaterializer<Object[]> {
    private final Converter[] values;
    private final GroupConverter root;
    private Object[] row;

    Materializer(List<Column> columns) {
      values = new Converter[columns.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = new Value(i, columns.get(i).type());
      }
      root =
          new GroupConverter() {
            @Override
            public Converter getConverter(int index) {
              return values[index];
            }

            @Override
            public void start() {
              row = new Object[values.length];
            }

            @Override
            public void end() {
              // The row is complete.
            }
          };
    }

    @Override
    public Object[] getCurrentRecord() {
      return row;
    }

    @Override
    public GroupConverter getRootConverter() {
      return root;
    }

    private final class Value extends PrimitiveConverter {
      private final int index;
      private final FieldType type;

      Value(int index, FieldType type) {
        this.index = index;
        this.type = type;
      }

      @Override
      public void addBinary(Binary value) {
        row[index] =
            switch (type) {
              case BYTES -> value.getBytes();
              case NUMERIC -> new BigDecimal(new BigInteger(value.getBytes()), Decimals.SCALE);
              default -> value.toStringUsingUTF8();
            };
      }

      @Override
      public void addLong(long value) {
        row[index] = value;
      }

      @Override
      public void addInt(int value) {
        row[index] = value;
      }

      @Override
      public void addDouble(double value) {
        row[index] = value;
      }

      @Override
      public void addBoolean(boolean value) {
        row[index] = value;
      }
    }
  }

  private record Memory(byte[] bytes) implements InputFile {
    @Override
    public long getLength() {
      return bytes.length;
    }

    @Override
    public SeekableInputStream newStream() {
      ByteBuffer content = ByteBuffer.wrap(bytes);
      return new DelegatingSeekableInputStream(new Remaining(content)) {
        @Override
        public long getPos() {
          return content.position();
        }

        @Override
        public void seek(long position) {
          content.position(Math.toIntExact(position));
        }
      };
    }
  }

  private static final class Remaining extends InputStream {
    private final ByteBuffer content;

    Remaining(ByteBuffer content) {
      this.content = content;
    }

    @Override
    public int read() {
      return content.hasRemaining() ? content.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      if (length > 0 && !content.hasRemaining()) {
        return -1;
      }
      int count = Math.min(length, content.remaining());
      content.get(target, offset, count);
      return count;
    }
  }
}
