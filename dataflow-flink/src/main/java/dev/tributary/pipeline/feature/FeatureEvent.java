package dev.tributary.pipeline.feature;

import dev.tributary.pipeline.packed.Bytes;
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
 * @param rowHigh half of a digest that names the source row by its stream and primary key
 * @param rowLow the other half
 * @param amounts what it adds to each of the group's measures; null adds nothing
 * @param eventId of the change that brought it
 * @param trace the W3C trace id it belongs to: 32 hex digits
 */
public record FeatureEvent(
    String view,
    String stream,
    String entity,
    long time,
    long rowHigh,
    long rowLow,
    List<BigDecimal> amounts,
    String eventId,
    String trace) {

  private static final int NONE = 0;
  private static final int LONG = 1;
  private static final int BIG = 2;

  /** Any number of so many digits fits a long. */
  private static final int MAX_LONG_DIGITS = 18;

  /** {@code customer_activity:12346}: rows of one entity keep their order on the bus. */
  public String orderingKey() {
    String plain = entity.startsWith("\"") ? entity.substring(1, entity.length() - 1) : entity;
    return view + ":" + plain;
  }

  /** Writes the event; {@link #read} reads it. */
  public void put(Bytes out) {
    out.putText(view).putText(stream).putText(entity);
    out.putLong(time).putLong(rowHigh).putLong(rowLow).putByte(amounts.size());
    for (BigDecimal amount : amounts) {
      if (amount == null) {
        out.putByte(NONE);
      } else if (amount.precision() <= MAX_LONG_DIGITS) {
        out.putByte(LONG).putInt(amount.scale()).putLong(amount.unscaledValue().longValue());
      } else {
        out.putByte(BIG).putInt(amount.scale()).putBlock(amount.unscaledValue().toByteArray());
      }
    }
    out.putText(eventId).putText(trace);
  }

  /** Reads what {@link #put} wrote at a position. */
  static FeatureEvent read(byte[] source, int position) {
    int at = position;
    String view = Bytes.textAt(source, at);
    at = afterText(source, at);
    String stream = Bytes.textAt(source, at);
    at = afterText(source, at);
    String entity = Bytes.textAt(source, at);
    at = afterText(source, at);
    final long time = Bytes.longAt(source, at);
    final long rowHigh = Bytes.longAt(source, at + Long.BYTES);
    final long rowLow = Bytes.longAt(source, at + 2 * Long.BYTES);
    at += 3 * Long.BYTES;
    BigDecimal[] amounts = new BigDecimal[source[at++]];
    for (int i = 0; i < amounts.length; i++) {
      int form = source[at++];
      if (form == NONE) {
        continue;
      }
      int scale = Bytes.intAt(source, at);
      at += Integer.BYTES;
      if (form == LONG) {
        amounts[i] = BigDecimal.valueOf(Bytes.longAt(source, at), scale);
        at += Long.BYTES;
      } else {
        int length = Bytes.intAt(source, at);
        amounts[i] = new BigDecimal(new BigInteger(source, at + Integer.BYTES, length), scale);
        at += Integer.BYTES + length;
      }
    }
    String eventId = Bytes.textAt(source, at);
    String trace = Bytes.textAt(source, afterText(source, at));
    // Not List.of: an amount may be null.
    return new FeatureEvent(
        view, stream, entity, time, rowHigh, rowLow, Arrays.asList(amounts), eventId, trace);
  }

  private static int afterText(byte[] source, int position) {
    return position + Integer.BYTES + Bytes.intAt(source, position);
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
