package dev.tributary.pipeline.change;

import dev.tributary.pipeline.DataCoder;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.feature.FeatureEvent;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.PartitionCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * All that one message leads to. It passes as a whole or, when its id has been seen, not at all.
 *
 * @param id 32 hex digits: the event's, the dead letter's, or of where an unreadable message lay
 * @param letter or null
 */
public record Arrival(String id, List<Filed> rows, DeadLetter letter, List<FeatureEvent> events) {

  /** A row and the folder it belongs to. */
  public record Filed(Partition partition, LakeRow row) {}

  /** Encodes arrivals between parsing and deduplication. */
  public static final class Coder extends DataCoder<Arrival> {
    private static final long serialVersionUID = 1L;
    private static final PartitionCoder PARTITION = new PartitionCoder();
    private static final LakeRow.Coder ROW = new LakeRow.Coder();
    private static final DeadLetter.Coder LETTER = new DeadLetter.Coder();
    private static final FeatureEvent.Coder EVENT = new FeatureEvent.Coder();

    @Override
    protected void write(Arrival arrival, DataOutputStream out) throws IOException {
      writeText(arrival.id, out);
      out.writeByte(arrival.rows.size());
      for (Filed filed : arrival.rows) {
        PARTITION.encode(filed.partition, out);
        ROW.encode(filed.row, out);
      }
      out.writeBoolean(arrival.letter != null);
      if (arrival.letter != null) {
        LETTER.encode(arrival.letter, out);
      }
      out.writeShort(arrival.events.size());
      for (FeatureEvent event : arrival.events) {
        EVENT.encode(event, out);
      }
    }

    @Override
    protected Arrival read(DataInputStream in) throws IOException {
      String id = readText(in);
      List<Filed> rows = new ArrayList<>(2);
      for (int left = in.readByte(); left > 0; left--) {
        Partition partition = PARTITION.decode(in);
        rows.add(new Filed(partition, ROW.decode(in)));
      }
      DeadLetter letter = in.readBoolean() ? LETTER.decode(in) : null;
      List<FeatureEvent> events = new ArrayList<>(1);
      for (int left = in.readShort(); left > 0; left--) {
        events.add(EVENT.decode(in));
      }
      return new Arrival(id, rows, letter, events);
    }
  }
}
