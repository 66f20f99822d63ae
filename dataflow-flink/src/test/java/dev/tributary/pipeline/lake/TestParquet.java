package dev.tributary.pipeline.lake;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.schema.MessageType;
import org.xerial.snappy.Snappy;

/** Reads files back with Parquet's own reader. */
public final class TestParquet {
  private TestParquet() {}

  /**
   * All rows of the Parquet files beneath a folder, by path; columns that are null are left out.
   */
  public static Map<String, List<Map<String, Object>>> readAll(Path folder) throws IOException {
    Map<String, List<Map<String, Object>>> files = new LinkedHashMap<>();
    if (!Files.exists(folder)) {
      return files;
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      paths
          .filter(path -> path.toString().endsWith(".parquet"))
          .sorted()
          .forEach(
              path -> {
                try {
                  files.put(folder.relativize(path).toString(), read(Files.readAllBytes(path)));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
    return files;
  }

  public static List<Map<String, Object>> read(byte[] bytes) throws IOException {
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration())
            .withCodecFactory(new Decompressor())
            .build();
    List<Map<String, Object>> rows = new ArrayList<>();
    try (ParquetFileReader reader = ParquetFileReader.open(new Memory(bytes), options)) {
      MessageType schema = reader.getFileMetaData().getSchema();
      for (PageReadStore pages = reader.readNextRowGroup();
          pages != null;
          pages = reader.readNextRowGroup()) {
        RecordReader<Group> records =
            new ColumnIOFactory()
                .getColumnIO(schema)
                .getRecordReader(pages, new GroupRecordConverter(schema));
        for (long i = 0; i < pages.getRowCount(); i++) {
          rows.add(row(schema, records.read()));
        }
      }
    }
    return rows;
  }

  private static Map<String, Object> row(MessageType schema, Group group) {
    Map<String, Object> row = new LinkedHashMap<>();
    for (int i = 0; i < schema.getFieldCount(); i++) {
      if (group.getFieldRepetitionCount(i) == 0) {
        continue;
      }
      String name = schema.getFieldName(i);
      row.put(
          name,
          switch (schema.getType(i).asPrimitiveType().getPrimitiveTypeName()) {
            case INT64 -> group.getLong(i, 0);
            case INT32 -> group.getInteger(i, 0);
            case DOUBLE -> group.getDouble(i, 0);
            case BOOLEAN -> group.getBoolean(i, 0);
            case FIXED_LEN_BYTE_ARRAY ->
                new java.math.BigDecimal(
                    new java.math.BigInteger(group.getBinary(i, 0).getBytes()), 9);
            default -> group.getBinary(i, 0).toStringUsingUTF8();
          });
    }
    return row;
  }

  private static final class Memory implements InputFile {
    private final byte[] bytes;

    Memory(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public long getLength() {
      return bytes.length;
    }

    @Override
    public SeekableInputStream newStream() {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      java.io.InputStream in =
          new java.io.InputStream() {
            @Override
            public int read() {
              return buffer.hasRemaining() ? buffer.get() & 0xff : -1;
            }

            @Override
            public int read(byte[] target, int offset, int length) {
              if (!buffer.hasRemaining()) {
                return -1;
              }
              int count = Math.min(length, buffer.remaining());
              buffer.get(target, offset, count);
              return count;
            }
          };
      return new DelegatingSeekableInputStream(in) {
        @Override
        public long getPos() {
          return buffer.position();
        }

        @Override
        public void seek(long position) {
          buffer.position(Math.toIntExact(position));
        }
      };
    }
  }

  private static final class Decompressor implements CompressionCodecFactory {
    @Override
    public BytesInputCompressor getCompressor(CompressionCodecName codec) {
      throw new UnsupportedOperationException();
    }

    @Override
    public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
      if (codec != CompressionCodecName.SNAPPY) {
        throw new AssertionError("expected snappy, found " + codec);
      }
      return new BytesInputDecompressor() {
        @Override
        public BytesInput decompress(BytesInput bytes, int size) throws IOException {
          return BytesInput.from(Snappy.uncompress(bytes.toByteArray()));
        }

        @Override
        public void decompress(ByteBuffer input, int compressed, ByteBuffer output, int size) {
          throw new UnsupportedOperationException();
        }

        @Override
        public void release() {}
      };
    }

    @Override
    public void release() {}
  }
}
