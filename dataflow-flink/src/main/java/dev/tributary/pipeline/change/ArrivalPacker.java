package dev.tributary.pipeline.change;

import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.feature.FeatureEvent;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Schemas;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.PackedChange;
import dev.tributary.pipeline.packed.PackedRows;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Packs what a message leads to. */
final class ArrivalPacker {
  private static final LakeRow.Coder ROW = new LakeRow.Coder();
  private static final DeadLetter.Coder LETTER = new DeadLetter.Coder();

  private final Map<String, StreamLayout> layouts = new HashMap<>();
  private final PackedChange.Writer writer = new PackedChange.Writer();
  private final ByteArrayOutputStream encoded = new ByteArrayOutputStream(1024);
  private final Bytes row = new Bytes(1024);

  ArrivalPacker(Contracts contracts) {
    for (Contract contract : contracts.streams().values()) {
      layouts.put(contract.stream(), new StreamLayout(contract, contracts));
    }
  }

  StreamLayout layout(String stream) {
    return layouts.get(stream);
  }

  /**
   * The packed change; valid until the next call.
   *
   * @param publishedAt when the bus took the message, microseconds
   */
  Bytes pack(Arrival arrival, long publishedAt) throws IOException {
    writer.begin(Hex.high(arrival.id()), Hex.low(arrival.id()), arrival.block());
    Bytes rows = writer.section();
    for (Arrival.Filed filed : arrival.rows()) {
      encode(filed.row());
      if (filed.partition().table().equals(Table.RAW)) {
        int start =
            PackedRows.begin(
                rows,
                PackedRows.RAW,
                filed.partition().hour(),
                Schemas.RAW,
                filed.partition().stream().getBytes(StandardCharsets.UTF_8));
        rows.put(row);
        PackedRows.end(rows, start);
      } else if (!layouts.get(filed.partition().stream()).looksUp(row)) {
        layouts.get(filed.partition().stream()).putRow(rows, filed.partition().hour(), row);
      }
    }
    Bytes lookups = writer.section();
    for (Arrival.Filed filed : arrival.rows()) {
      if (filed.partition().table().equals(Table.PROCESSED)) {
        encode(filed.row());
        StreamLayout layout = layouts.get(filed.partition().stream());
        layout.putLookups(
            lookups, filed.partition().hour(), publishedAt / 1_000, row, layout.looksUp(row));
      }
    }
    putEvents(writer.section(), arrival.events());
    Bytes letter = writer.section();
    if (arrival.letter() != null) {
      encoded.reset();
      LETTER.encode(arrival.letter(), encoded);
      letter.put(encoded.toByteArray());
    }
    return writer.end();
  }

  /** Writes feature events, each for its bucket. */
  void putEvents(Bytes out, List<FeatureEvent> events) {
    for (FeatureEvent event : events) {
      int start = out.size();
      out.putInt(0).putInt(Deduplicate.entityBucket(event.orderingKey()));
      event.put(out);
      out.setInt(start, out.size() - start - Integer.BYTES);
    }
  }

  private void encode(LakeRow value) throws IOException {
    encoded.reset();
    ROW.encode(value, encoded);
    row.truncate(0).put(encoded.toByteArray());
  }
}
