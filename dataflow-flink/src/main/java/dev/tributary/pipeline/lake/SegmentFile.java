package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.PackedRow;
import dev.tributary.pipeline.packed.PackedRows;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;

/** Packed rows as Parquet, snappy, in memory, without an object for each value. */
public final class SegmentFile {
  /** Whose least and greatest value say nothing to a reader that looks for a row. */
  private static final Set<String> WITHOUT_STATISTICS =
      Set.of("message", "attributes", "event_id", "_event_id");

  /** So many rows tell whether a column's values repeat. */
  private static final int SAMPLED_ROWS = 128;

  /** Above this share of different values a dictionary would be built to be thrown away. */
  private static final double MAX_DISTINCT_SHARE = 0.5;

  private static final ParquetConfiguration CONFIGURATION = new PlainParquetConfiguration();

  private SegmentFile() {}

  /** A row to write: where it begins in its buffer. */
  static final class Cursor {
    byte[] buffer;
    int position;
  }

  /**
   * Rows as a Parquet file.
   *
   * @param buffers one for each row
   * @param positions where each row (not what precedes it in {@link PackedRows}) begins
   */
  static byte[] encode(List<Column> columns, byte[][] buffers, int[] positions, int count)
      throws IOException {
    MemoryFile file = new MemoryFile();
    Cursor cursor = new Cursor();
    boolean[] repeating = repeating(columns.size(), buffers, positions, count);
    try (ParquetWriter<Cursor> writer = new Builder(file, columns, repeating).build()) {
      for (int i = 0; i < count; i++) {
        cursor.buffer = buffers[i];
        cursor.position = positions[i];
        writer.write(cursor);
      }
    }
    return file.content();
  }

  /** Which columns have values that come again, judged by some rows from all over. */
  private static boolean[] repeating(int columns, byte[][] buffers, int[] positions, int count) {
    int sampled = Math.min(count, SAMPLED_ROWS);
    boolean[] repeating = new boolean[columns];
    int[] tags = new int[sampled];
    for (int i = 0; i < sampled; i++) {
      int row = (int) ((long) i * count / sampled);
      tags[i] = PackedRow.firstValue(buffers[row], positions[row]);
    }
    Set<Integer> hashes = new HashSet<>();
    for (int column = 0; column < columns; column++) {
      hashes.clear();
      for (int i = 0; i < sampled; i++) {
        byte[] buffer = buffers[(int) ((long) i * count / sampled)];
        int next = PackedRow.next(buffer, tags[i]);
        int hash = 1;
        for (int at = tags[i]; at < next; at++) {
          hash = 31 * hash + buffer[at];
        }
        hashes.add(hash);
        tags[i] = next;
      }
      repeating[column] = hashes.size() <= sampled * MAX_DISTINCT_SHARE;
    }
    return repeating;
  }

  /**
   * The lake's file of some segments: those that are Parquet lend their row groups, the rows of the
   * others make one of their own.
   */
  static byte[] encode(List<Column> columns, List<Segment> segments) throws IOException {
    if (segments.size() == 1 && segments.get(0).parquet()) {
      return segments.get(0).content();
    }
    byte[] loose = encodeLoose(columns, segments.stream().filter(s -> !s.parquet()).toList());
    List<byte[]> files = new ArrayList<>();
    if (loose != null) {
      files.add(loose);
    }
    segments.stream().filter(Segment::parquet).forEach(segment -> files.add(segment.content()));
    return files.size() == 1 ? files.get(0) : join(columns, files);
  }

  private static byte[] encodeLoose(List<Column> columns, List<Segment> segments)
      throws IOException {
    int count = segments.stream().mapToInt(Segment::rows).sum();
    if (count == 0) {
      return null;
    }
    byte[][] buffers = new byte[count][];
    int[] positions = new int[count];
    int row = 0;
    for (Segment segment : segments) {
      byte[] content = segment.content();
      for (int at = 0; at < content.length; at = PackedRows.next(content, at)) {
        buffers[row] = content;
        positions[row++] = PackedRows.row(content, at);
      }
    }
    return encode(columns, buffers, positions, count);
  }

  private static byte[] join(List<Column> columns, List<byte[]> files) throws IOException {
    MemoryFile joined = new MemoryFile();
    ParquetFileWriter writer =
        new ParquetFileWriter(
            joined,
            ParquetEncoder.schema(columns),
            ParquetFileWriter.Mode.CREATE,
            ParquetWriter.DEFAULT_BLOCK_SIZE,
            ParquetWriter.MAX_PADDING_SIZE_DEFAULT,
            ParquetProperties.DEFAULT_COLUMN_INDEX_TRUNCATE_LENGTH,
            ParquetProperties.DEFAULT_STATISTICS_TRUNCATE_LENGTH,
            false);
    writer.start();
    for (byte[] file : files) {
      try (ParquetFileReader reader =
          ParquetFileReader.open(
              new MemoryFile(file), ParquetReadOptions.builder(CONFIGURATION).build())) {
        reader.appendTo(writer);
      }
    }
    writer.end(Map.of());
    return joined.content();
  }

  private static final class Rows extends WriteSupport<Cursor> {
    private final List<Column> columns;
    private final String[] names;
    private RecordConsumer consumer;

    Rows(List<Column> columns) {
      this.columns = columns;
      this.names = columns.stream().map(Column::name).toArray(String[]::new);
    }

    @Override
    public WriteContext init(Configuration configuration) {
      return new WriteContext(ParquetEncoder.schema(columns), new HashMap<>());
    }

    @Override
    public WriteContext init(ParquetConfiguration configuration) {
      return new WriteContext(ParquetEncoder.schema(columns), new HashMap<>());
    }

    @Override
    public void prepareForWrite(RecordConsumer recordConsumer) {
      consumer = recordConsumer;
    }

    @Override
    public void write(Cursor row) {
      byte[] buffer = row.buffer;
      int tagAt = PackedRow.firstValue(buffer, row.position);
      consumer.startMessage();
      for (int i = 0; i < names.length; i++) {
        if (buffer[tagAt] != PackedRow.NULL) {
          consumer.startField(names[i], i);
          add(buffer, tagAt);
          consumer.endField(names[i], i);
        }
        tagAt = PackedRow.next(buffer, tagAt);
      }
      consumer.endMessage();
    }

    private void add(byte[] buffer, int tagAt) {
      int at = tagAt + 1;
      switch (buffer[tagAt]) {
        // The buffer is reused by nobody while rows are encoded, and dictionaries copy what they
        // keep of a reused array.
        case PackedRow.TEXT, PackedRow.BYTES ->
            consumer.addBinary(
                Binary.fromReusedByteArray(buffer, at + Integer.BYTES, Bytes.intAt(buffer, at)));
        case PackedRow.INT64 -> consumer.addLong(Bytes.longAt(buffer, at));
        case PackedRow.INT32 -> consumer.addInteger(Bytes.intAt(buffer, at));
        case PackedRow.DECIMAL -> consumer.addBinary(decimal(buffer, at));
        case PackedRow.FLOAT64 ->
            consumer.addDouble(Double.longBitsToDouble(Bytes.longAt(buffer, at)));
        case PackedRow.FALSE -> consumer.addBoolean(false);
        case PackedRow.TRUE -> consumer.addBoolean(true);
        default -> throw new IllegalStateException("unknown value tag " + buffer[tagAt]);
      }
    }

    /** Big-endian two's complement, sign-extended to the column's width. */
    private static Binary decimal(byte[] buffer, int at) {
      int length = Bytes.intAt(buffer, at + Integer.BYTES);
      int from = at + 2 * Integer.BYTES;
      byte[] padded = new byte[ParquetEncoder.DECIMAL_BYTES];
      int zeros = padded.length - length;
      Arrays.fill(padded, 0, zeros, (byte) (buffer[from] < 0 ? -1 : 0));
      System.arraycopy(buffer, from, padded, zeros, length);
      return Binary.fromConstantByteArray(padded);
    }
  }

  private static final class Builder extends ParquetWriter.Builder<Cursor, Builder> {
    private final List<Column> columns;

    Builder(OutputFile file, List<Column> columns, boolean[] repeating) {
      super(file);
      this.columns = columns;
      withConf(CONFIGURATION);
      withCompressionCodec(CompressionCodecName.SNAPPY);
      withCodecFactory(new SnappyCodec());
      // The store checks what it is sent; a checksum of each page on top would be a third.
      withPageWriteChecksumEnabled(false);
      for (int i = 0; i < repeating.length; i++) {
        String name = columns.get(i).name();
        withDictionaryEncoding(name, repeating[i]);
        if (WITHOUT_STATISTICS.contains(name)) {
          withStatisticsEnabled(name, false);
        }
      }
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    protected WriteSupport<Cursor> getWriteSupport(Configuration configuration) {
      return new Rows(columns);
    }

    @Override
    protected WriteSupport<Cursor> getWriteSupport(ParquetConfiguration configuration) {
      return new Rows(columns);
    }
  }
}
