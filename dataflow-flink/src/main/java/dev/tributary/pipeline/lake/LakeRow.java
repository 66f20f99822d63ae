package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.DataCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * A row on its way to a file.
 *
 * @param id names the row for ever: the event id, or a name made from where an unreadable message
 *     lay
 * @param sequence orders the rows of one batch file; zero in streams
 * @param values one for each column of its table; null is null
 */
public record LakeRow(String id, long sequence, Object[] values) {

  /** Values carry their own type, so that a coder needs no table. */
  public static final class Coder extends DataCoder<LakeRow> {
    private static final long serialVersionUID = 1L;

    @Override
    protected void write(LakeRow row, DataOutputStream out) throws IOException {
      writeText(row.id, out);
      out.writeLong(row.sequence);
      out.writeShort(row.values.length);
      for (Object value : row.values) {
        writeValue(value, out);
      }
    }

    @Override
    protected LakeRow read(DataInputStream in) throws IOException {
      String id = readText(in);
      long sequence = in.readLong();
      Object[] values = new Object[in.readShort()];
      for (int i = 0; i < values.length; i++) {
        values[i] = readValue(in);
      }
      return new LakeRow(id, sequence, values);
    }

    private static void writeValue(Object value, DataOutputStream out) throws IOException {
      if (value == null) {
        out.writeByte(0);
      } else if (value instanceof String text) {
        out.writeByte(1);
        writeText(text, out);
      } else if (value instanceof Long integer) {
        out.writeByte(2);
        out.writeLong(integer);
      } else if (value instanceof Integer integer) {
        out.writeByte(3);
        out.writeInt(integer);
      } else if (value instanceof BigDecimal decimal) {
        out.writeByte(4);
        out.writeInt(decimal.scale());
        writeBytes(decimal.unscaledValue().toByteArray(), out);
      } else if (value instanceof Double real) {
        out.writeByte(5);
        out.writeDouble(real);
      } else if (value instanceof Boolean bool) {
        out.writeByte(bool ? 7 : 6);
      } else if (value instanceof byte[] bytes) {
        out.writeByte(8);
        writeBytes(bytes, out);
      } else {
        throw new IOException("no column holds a " + value.getClass());
      }
    }

    private static Object readValue(DataInputStream in) throws IOException {
      int tag = in.readByte();
      return switch (tag) {
        case 0 -> null;
        case 1 -> readText(in);
        case 2 -> in.readLong();
        case 3 -> in.readInt();
        case 4 -> {
          int scale = in.readInt();
          yield new BigDecimal(new BigInteger(readBytes(in)), scale);
        }
        case 5 -> in.readDouble();
        case 6 -> false;
        case 7 -> true;
        case 8 -> readBytes(in);
        default -> throw new IOException("unknown value tag " + tag);
      };
    }
  }
}
