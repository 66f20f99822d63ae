package dev.tributary.pipeline.feature;

import dev.tributary.pipeline.DataCoder;
import dev.tributary.pipeline.packed.Bytes;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * What is remembered of one entity: the events that some value still to be emitted may need.
 *
 * <p>"Now" is the entity's newest event, so that a replay of old data gives what the present gave.
 * An event may be as late as the longest window; its own value looks back as far again, so twice
 * that is remembered. The windows of what is later still are closed for good: it changes no value,
 * and whoever adds it is told so.
 *
 * <p>Values are immutable: a runner may hold on to one while it writes a checkpoint.
 *
 * @param seen distinct source rows so far, forgotten ones included
 */
public record EntityWindow(long seen, EventLog events) {

  /** Nothing seen yet. */
  public static EntityWindow empty(FeatureGroup group) {
    return new EntityWindow(0, EventLog.empty(group.measures().size()));
  }

  /** What became of an event. */
  public enum Fate {
    /** It is part of the windows now. */
    COUNTED,
    /** Its source row was counted before. */
    KNOWN,
    /** The windows it belongs to are closed. */
    LATE,
    /** An amount is too large to be added up exactly. */
    TOO_LARGE
  }

  /**
   * The values at one event time.
   *
   * @param version distinct rows seen when it was computed: a later emission for the same time has
   *     a larger one
   * @param latest whether the entity has no newer event
   * @param values one for each feature, in the group's order
   */
  public record Row(long time, long version, boolean latest, List<BigDecimal> values) {}

  /**
   * The window with an event in it.
   *
   * @param rows what to emit: the values at the event's time, and at each later event time that it
   *     changes; empty unless the event was counted
   */
  public record Update(EntityWindow window, Fate fate, List<Row> rows) {}

  /** The earliest event time that is not late, microseconds. */
  public long lateLimit(FeatureGroup group, long eventTime) {
    long newest = events.size() == 0 ? eventTime : Math.max(newest(), eventTime);
    return group.windowStart(newest, group.longestWindow());
  }

  public Update add(FeatureGroup group, FeatureEvent event) {
    if (events.contains(event.rowHigh(), event.rowLow())) {
      return new Update(this, Fate.KNOWN, List.of());
    }
    long lateLimit = lateLimit(group, event.time());
    if (event.time() < lateLimit) {
      return new Update(this, Fate.LATE, List.of());
    }
    BigInteger[] amounts = new BigInteger[group.measures().size()];
    for (int i = 0; i < amounts.length; i++) {
      amounts[i] = EventLog.unscaled(event.amounts().get(i), group.scale());
      if (amounts[i] == null) {
        return new Update(this, Fate.TOO_LARGE, List.of());
      }
    }
    long horizon = group.windowStart(lateLimit, group.longestWindow());
    EventLog log =
        events
            .dropBefore(events.place(horizon, false))
            .with(event.time(), event.rowHigh(), event.rowLow(), amounts);
    EntityWindow window = new EntityWindow(seen + 1, log);
    return new Update(window, Fate.COUNTED, window.rowsChangedBy(group, event));
  }

  /** The newest event's time; there must be one. */
  long newest() {
    return events.time(events.size() - 1);
  }

  private List<Row> rowsChangedBy(FeatureGroup group, FeatureEvent event) {
    List<Row> rows = new ArrayList<>(1);
    rows.add(rowAt(group, event.time()));
    long last = event.time();
    for (int i = events.place(event.time(), true); i < events.size(); i++) {
      long time = events.time(i);
      if (time > last && changes(group, event, time)) {
        rows.add(rowAt(group, time));
      }
      last = time;
    }
    return rows;
  }

  private static boolean changes(FeatureGroup group, FeatureEvent event, long time) {
    for (FeatureGroup.Feature feature : group.features()) {
      if (event.changes(feature) && event.time() >= group.windowStart(time, feature.window())) {
        return true;
      }
    }
    return false;
  }

  private Row rowAt(FeatureGroup group, long time) {
    List<BigDecimal> values = new ArrayList<>(group.features().size());
    int end = events.place(time, true);
    long window = -1;
    int first = 0;
    for (FeatureGroup.Feature feature : group.features()) {
      // Features of one window mostly follow each other.
      if (feature.window() != window) {
        window = feature.window();
        first = events.place(group.windowStart(time, window), false);
      }
      values.add(
          feature.measure() < 0
              ? BigDecimal.valueOf(end - first)
              : events.sum(feature.measure(), first, end, group.scale()));
    }
    return new Row(time, seen, time == newest(), values);
  }

  /** Encodes windows in state. */
  public static final class Coder extends DataCoder<EntityWindow> {
    private static final long serialVersionUID = 1L;

    @Override
    protected void write(EntityWindow window, DataOutputStream out) throws IOException {
      EventLog events = window.events;
      // In one piece: a checkpoint writes all windows, and a stream takes bytes one by one.
      Bytes bytes = new Bytes(16 + events.size() * (3 * Long.BYTES + 6 * events.measures()));
      bytes.putLong(window.seen).putByte(events.measures()).putInt(events.size());
      for (int i = 0; i < events.size(); i++) {
        bytes.putLong(events.time(i)).putLong(events.keyHigh(i)).putLong(events.keyLow(i));
        for (int measure = 0; measure < events.measures(); measure++) {
          byte[] amount = events.amount(measure, i).toByteArray();
          bytes.putByte(amount.length).put(amount);
        }
      }
      out.write(bytes.array(), 0, bytes.size());
    }

    @Override
    protected EntityWindow read(DataInputStream in) throws IOException {
      long seen = in.readLong();
      BigInteger[] amounts = new BigInteger[in.readByte()];
      EventLog events = EventLog.empty(amounts.length);
      for (int left = in.readInt(); left > 0; left--) {
        long time = in.readLong();
        long high = in.readLong();
        long low = in.readLong();
        for (int measure = 0; measure < amounts.length; measure++) {
          byte[] amount = new byte[in.readByte()];
          in.readFully(amount);
          amounts[measure] = new BigInteger(amount);
        }
        events = events.with(time, high, low, amounts);
      }
      return new EntityWindow(seen, events);
    }
  }
}
