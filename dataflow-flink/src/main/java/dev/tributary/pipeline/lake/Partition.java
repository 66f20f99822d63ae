package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.contract.Timestamps;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/**
 * A folder of the lake: one hour of one stream.
 *
 * @param table {@link Table#RAW} or {@link Table#PROCESSED}
 * @param hour hours since 1970 UTC
 */
public record Partition(String table, String stream, long hour) {
  private static final long MICROS_PER_HOUR = 3_600_000_000L;

  public static Partition of(String table, String stream, long micros) {
    return new Partition(table, stream, hourOf(micros));
  }

  /** Hours since 1970 UTC. */
  public static long hourOf(long micros) {
    return Math.floorDiv(micros, MICROS_PER_HOUR);
  }

  /** {@code processed/orders/dt=2026-11-21/hr=05/}. */
  public String folder() {
    OffsetDateTime time = Timestamps.instant(hour * MICROS_PER_HOUR).atOffset(ZoneOffset.UTC);
    return "%s/%s/dt=%s/hr=%02d/".formatted(table, stream, time.toLocalDate(), time.getHour());
  }

  void write(DataOutput out) throws IOException {
    out.writeUTF(table);
    out.writeUTF(stream);
    out.writeLong(hour);
  }

  static Partition read(DataInput in) throws IOException {
    return new Partition(in.readUTF(), in.readUTF(), in.readLong());
  }
}
