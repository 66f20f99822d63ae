package dev.tributary.pipeline.feature;

import dev.tributary.pipeline.DataCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A source row as one entity's windows see it.
 *
 * @param view the group's name
 * @param stream whose row it is
 * @param entity the join key's value as JSON: {@code 12346} or {@code "85123A"}
 * @param time event time, microseconds
 * @param rowKey names the source row by its stream and primary key: 32 hex digits
 * @param amounts what it adds to each of the group's measures; null adds nothing
 * @param eventId of the change that brought it
 * @param trace the W3C trace id it belongs to: 32 hex digits
 */
public record FeatureEvent(
    String view,
    String stream,
    String entity,
    long time,
    String rowKey,
    List<BigDecimal> amounts,
    String eventId,
    String trace) {

  /** {@code customer_activity:12346}: rows of one entity keep their order on the bus. */
  public String orderingKey() {
    String plain = entity.startsWith("\"") ? entity.substring(1, entity.length() - 1) : entity;
    return view + ":" + plain;
  }

  /** Encodes events in flight and in state. */
  public static final class Coder extends DataCoder<FeatureEvent> {
    private static final long serialVersionUID = 1L;

    @Override
    protected void write(FeatureEvent event, DataOutputStream out) throws IOException {
      writeText(event.view, out);
      writeText(event.stream, out);
      writeText(event.entity, out);
      out.writeLong(event.time);
      writeText(event.rowKey, out);
      out.writeByte(event.amounts.size());
      for (BigDecimal amount : event.amounts) {
        out.writeBoolean(amount != null);
        if (amount != null) {
          out.writeInt(amount.scale());
          writeBytes(amount.unscaledValue().toByteArray(), out);
        }
      }
      writeText(event.eventId, out);
      writeText(event.trace, out);
    }

    @Override
    protected FeatureEvent read(DataInputStream in) throws IOException {
      String view = readText(in);
      String stream = readText(in);
      String entity = readText(in);
      long time = in.readLong();
      String rowKey = readText(in);
      BigDecimal[] amounts = new BigDecimal[in.readByte()];
      for (int i = 0; i < amounts.length; i++) {
        if (in.readBoolean()) {
          int scale = in.readInt();
          amounts[i] = new BigDecimal(new BigInteger(readBytes(in)), scale);
        }
      }
      // Not List.of: an amount may be null.
      return new FeatureEvent(
          view, stream, entity, time, rowKey, Arrays.asList(amounts), readText(in), readText(in));
    }
  }

  /** Whether the event changes a value: counts always do, sums where it adds something. */
  boolean changes(FeatureGroup.Feature feature) {
    if (feature.measure() < 0) {
      return true;
    }
    BigDecimal amount = amounts.get(feature.measure());
    return !Objects.isNull(amount) && amount.signum() != 0;
  }
}
