package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.FloatNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.tributary.pipeline.StrictJson;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.UUID;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;

/**
 * What the values of a Parquet column mean, by its physical and logical type:
 * https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
 */
final class ParquetColumn {
  /** Of 1970-01-01, in which INT96 counts days. */
  private static final int EPOCH_JULIAN_DAY = 2_440_588;

  private static final int UUID_BYTES = 16;
  private static final long UNSIGNED_INT = 0xFFFF_FFFFL;

  private final CellKind kind;
  private final int scale;
  private final boolean isSigned;
  private final boolean isUuid;
  private final long unitsPerSecond;

  private ParquetColumn(
      CellKind kind, int scale, boolean isSigned, boolean isUuid, long unitsPerSecond) {
    this.kind = kind;
    this.scale = scale;
    this.isSigned = isSigned;
    this.isUuid = isUuid;
    this.unitsPerSecond = unitsPerSecond;
  }

  CellKind kind() {
    return kind;
  }

  /** The column's meaning; empty for lists, maps, structs and types that no field has. */
  static Optional<ParquetColumn> of(Type type) {
    if (!type.isPrimitive() || type.isRepetition(Type.Repetition.REPEATED)) {
      return Optional.empty();
    }
    PrimitiveType.PrimitiveTypeName physical = type.asPrimitiveType().getPrimitiveTypeName();
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
      CellKind kind = decimal.getScale() == 0 ? CellKind.INTEGER : CellKind.DECIMAL;
      return Optional.of(new ParquetColumn(kind, decimal.getScale(), true, false, 0));
    }
    if (logical instanceof TimestampLogicalTypeAnnotation time) {
      long units =
          switch (time.getUnit()) {
            case MILLIS -> 1_000L;
            case MICROS -> 1_000_000L;
            case NANOS -> 1_000_000_000L;
          };
      CellKind kind = time.isAdjustedToUTC() ? CellKind.INSTANT : CellKind.LOCAL_TIME;
      return Optional.of(new ParquetColumn(kind, 0, true, false, units));
    }
    if (logical instanceof IntLogicalTypeAnnotation integer) {
      return Optional.of(new ParquetColumn(CellKind.INTEGER, 0, integer.isSigned(), false, 0));
    }
    if (logical instanceof LogicalTypeAnnotation.StringLogicalTypeAnnotation
        || logical instanceof LogicalTypeAnnotation.EnumLogicalTypeAnnotation
        || logical instanceof LogicalTypeAnnotation.JsonLogicalTypeAnnotation) {
      return plain(CellKind.TEXT);
    }
    if (logical instanceof LogicalTypeAnnotation.UUIDLogicalTypeAnnotation) {
      return Optional.of(new ParquetColumn(CellKind.TEXT, 0, true, true, 0));
    }
    if (logical instanceof LogicalTypeAnnotation.DateLogicalTypeAnnotation) {
      return plain(CellKind.DATE);
    }
    if (logical != null) {
      return Optional.empty();
    }
    return switch (physical) {
      case INT32, INT64 -> plain(CellKind.INTEGER);
      case FLOAT, DOUBLE -> plain(CellKind.REAL);
      case BOOLEAN -> plain(CellKind.BOOL);
      case BINARY, FIXED_LEN_BYTE_ARRAY -> plain(CellKind.BINARY);
      // Old Spark, Hive and Impala wrote it, some in UTC and some in local time, and none says
      // which.
      case INT96 -> plain(CellKind.LOCAL_TIME);
    };
  }

  JsonNode ofLong(long value, boolean isInt) {
    return switch (kind) {
      case DECIMAL -> DecimalNode.valueOf(BigDecimal.valueOf(value, scale));
      case DATE -> TextNode.valueOf(LocalDate.ofEpochDay(value).toString());
      case INSTANT -> Cells.of(instant(value));
      case LOCAL_TIME -> Cells.of(LocalDateTime.ofInstant(instant(value), ZoneOffset.UTC));
      default -> {
        if (isSigned || value >= 0) {
          yield LongNode.valueOf(value);
        }
        yield isInt
            ? LongNode.valueOf(value & UNSIGNED_INT)
            : BigIntegerNode.valueOf(new BigInteger(Long.toUnsignedString(value)));
      }
    };
  }

  JsonNode ofBinary(Binary value) {
    byte[] bytes = value.getBytes();
    return switch (kind) {
      case DECIMAL -> DecimalNode.valueOf(new BigDecimal(new BigInteger(bytes), scale));
      case INTEGER -> BigIntegerNode.valueOf(new BigInteger(bytes));
      case LOCAL_TIME -> Cells.of(int96(bytes));
      case TEXT -> isUuid ? TextNode.valueOf(uuid(bytes)) : text(bytes);
      default -> text(bytes);
    };
  }

  static JsonNode ofDouble(double value) {
    return Double.isFinite(value)
        ? DoubleNode.valueOf(value)
        : TextNode.valueOf(Double.toString(value));
  }

  static JsonNode ofFloat(float value) {
    return Float.isFinite(value)
        ? FloatNode.valueOf(value)
        : TextNode.valueOf(Float.toString(value));
  }

  static JsonNode ofBoolean(boolean value) {
    return BooleanNode.valueOf(value);
  }

  private static Optional<ParquetColumn> plain(CellKind kind) {
    return Optional.of(new ParquetColumn(kind, 0, true, false, 0));
  }

  private Instant instant(long value) {
    long nanosPerUnit = 1_000_000_000L / unitsPerSecond;
    return Instant.ofEpochSecond(
        Math.floorDiv(value, unitsPerSecond), Math.floorMod(value, unitsPerSecond) * nanosPerUnit);
  }

  private JsonNode text(byte[] bytes) {
    if (kind == CellKind.TEXT) {
      try {
        return TextNode.valueOf(StrictJson.utf8(bytes));
      } catch (CharacterCodingException e) {
        // Not the text it is said to be: the field that reads it says so.
        return BinaryNode.valueOf(bytes);
      }
    }
    return BinaryNode.valueOf(bytes);
  }

  private static LocalDateTime int96(byte[] bytes) {
    ByteBuffer value = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long nanos = value.getLong();
    return LocalDate.ofEpochDay((long) value.getInt() - EPOCH_JULIAN_DAY)
        .atStartOfDay()
        .plusNanos(nanos);
  }

  private static String uuid(byte[] bytes) {
    if (bytes.length != UUID_BYTES) {
      throw new IllegalStateException("a UUID has 16 bytes");
    }
    ByteBuffer value = ByteBuffer.wrap(bytes);
    return new UUID(value.getLong(), value.getLong()).toString();
  }
}
