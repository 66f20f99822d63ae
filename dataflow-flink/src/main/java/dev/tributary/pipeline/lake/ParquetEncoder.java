package dev.tributary.pipeline.lake;

import static org.apache.parquet.schema.LogicalTypeAnnotation.dateType;
import static org.apache.parquet.schema.LogicalTypeAnnotation.decimalType;
import static org.apache.parquet.schema.LogicalTypeAnnotation.stringType;
import static org.apache.parquet.schema.LogicalTypeAnnotation.timestampType;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BINARY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BOOLEAN;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.DOUBLE;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT32;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT64;

import dev.tributary.pipeline.contract.Decimals;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/** Encodes rows as one Parquet file, snappy, in memory. Equal rows give equal bytes. */
public final class ParquetEncoder {
  /**
   * Bytes of a DECIMAL(38):
   * https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#decimal
   */
  static final int DECIMAL_BYTES = 16;

  private ParquetEncoder() {}

  /**
   * @throws IOException only if the encoder itself fails; nothing leaves memory
   */
  public static byte[] encode(List<Column> columns, Iterable<LakeRow> rows) throws IOException {
    MemoryFile file = new MemoryFile();
    try (ParquetWriter<Object[]> writer = new Builder(file, columns).build()) {
      for (LakeRow row : rows) {
        writer.write(row.values());
      }
    }
    return file.content();
  }

  static MessageType schema(List<Column> columns) {
    return new MessageType("row", columns.stream().map(ParquetEncoder::type).toList());
  }

  private static Type type(Column column) {
    Types.PrimitiveBuilder<PrimitiveType> type;
    if (column.type() == null) {
      type = Types.optional(INT32);
    } else {
      type =
          switch (column.type()) {
            case STRING, JSON -> Types.optional(BINARY).as(stringType());
            case INT64 -> Types.optional(INT64);
            case NUMERIC ->
                Types.optional(FIXED_LEN_BYTE_ARRAY)
                    .length(DECIMAL_BYTES)
                    .as(decimalType(Decimals.SCALE, Decimals.PRECISION));
            case FLOAT64 -> Types.optional(DOUBLE);
            case BOOL -> Types.optional(BOOLEAN);
            case TIMESTAMP -> Types.optional(INT64).as(timestampType(true, TimeUnit.MICROS));
            case DATE -> Types.optional(INT32).as(dateType());
            case BYTES -> Types.optional(BINARY);
          };
    }
    return type.named(column.name());
  }

  private static final class Rows extends WriteSupport<Object[]> {
    private final List<Column> columns;
    private RecordConsumer consumer;

    Rows(List<Column> columns) {
      this.columns = columns;
    }

    @Override
    public WriteContext init(Configuration configuration) {
      return new WriteContext(schema(columns), new HashMap<>());
    }

    @Override
    public WriteContext init(ParquetConfiguration configuration) {
      return new WriteContext(schema(columns), new HashMap<>());
    }

    @Override
    public void prepareForWrite(RecordConsumer recordConsumer) {
      consumer = recordConsumer;
    }

    @Override
    public void write(Object[] values) {
      consumer.startMessage();
      for (int i = 0; i < values.length; i++) {
        if (values[i] != null) {
          String name = columns.get(i).name();
          consumer.startField(name, i);
          add(values[i]);
          consumer.endField(name, i);
        }
      }
      consumer.endMessage();
    }

    private void add(Object value) {
      if (value instanceof String text) {
        consumer.addBinary(Binary.fromString(text));
      } else if (value instanceof Long integer) {
        consumer.addLong(integer);
      } else if (value instanceof Integer integer) {
        consumer.addInteger(integer);
      } else if (value instanceof BigDecimal decimal) {
        consumer.addBinary(Binary.fromConstantByteArray(unscaled(decimal)));
      } else if (value instanceof Double real) {
        consumer.addDouble(real);
      } else if (value instanceof Boolean bool) {
        consumer.addBoolean(bool);
      } else {
        consumer.addBinary(Binary.fromConstantByteArray((byte[]) value));
      }
    }

    /** Big-endian two's complement, sign-extended to the column's width. */
    private static byte[] unscaled(BigDecimal decimal) {
      byte[] digits = decimal.unscaledValue().toByteArray();
      byte[] padded = new byte[DECIMAL_BYTES];
      Arrays.fill(padded, 0, DECIMAL_BYTES - digits.length, (byte) (digits[0] < 0 ? -1 : 0));
      System.arraycopy(digits, 0, padded, DECIMAL_BYTES - digits.length, digits.length);
      return padded;
    }
  }

  private static final class Builder extends ParquetWriter.Builder<Object[], Builder> {
    private final List<Column> columns;

    Builder(OutputFile file, List<Column> columns) {
      super(file);
      this.columns = columns;
      withConf(new PlainParquetConfiguration());
      withCompressionCodec(CompressionCodecName.SNAPPY);
      withCodecFactory(new SnappyCodec());
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    protected WriteSupport<Object[]> getWriteSupport(Configuration configuration) {
      return new Rows(columns);
    }

    @Override
    protected WriteSupport<Object[]> getWriteSupport(ParquetConfiguration configuration) {
      return new Rows(columns);
    }
  }
}
