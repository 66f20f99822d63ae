package dev.tributary.pipeline.feature;

import dev.tributary.pipeline.DataCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * What is remembered of one entity: the events that some value still to be emitted may need.
 *
 * <p>"Now" is the entity's newest event, so that a replay of old data gives what the present gave.
 * An event may be as late as the longest window; its own value looks back as far again, so twice
 * that is remembered. What is later still changes no value that is emitted (it reaches the files
 * all the same).
 *
 * <p>Values are immutable: a runner may hold on to one while it writes a checkpoint.
 *
 * @param seen distinct source rows so far, forgotten ones included
 * @param events by time, then in order of arrival
 */
public record EntityWindow(long seen, List<FeatureEvent> events) {
  public static final EntityWindow EMPTY = new EntityWindow(0, List.of());

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
   *     changes; empty where the source row was known already or comes too late
   */
  public record Update(EntityWindow window, List<Row> rows) {}

  public Update add(FeatureGroup group, FeatureEvent event) {
    long newest = events.isEmpty() ? event.time() : Math.max(newest(), event.time());
    long lateLimit = group.windowStart(newest, group.longestWindow());
    boolean known = events.stream().anyMatch(other -> other.rowKey().equals(event.rowKey()));
    if (known || event.time() < lateLimit) {
      return new Update(this, List.of());
    }
    long horizon = group.windowStart(lateLimit, group.longestWindow());
    List<FeatureEvent> kept = new ArrayList<>(events.size() + 1);
    boolean placed = false;
    for (FeatureEvent other : events) {
      if (!placed && other.time() > event.time()) {
        kept.add(event);
        placed = true;
      }
      if (other.time() >= horizon) {
        kept.add(other);
      }
    }
    if (!placed) {
      kept.add(event);
    }
    EntityWindow window = new EntityWindow(seen + 1, List.copyOf(kept));
    List<Row> rows = new ArrayList<>();
    for (long time : window.timesChangedBy(group, event)) {
      rows.add(window.rowAt(group, time));
    }
    return new Update(window, rows);
  }

  private long newest() {
    return events.get(events.size() - 1).time();
  }

  private TreeSet<Long> timesChangedBy(FeatureGroup group, FeatureEvent event) {
    TreeSet<Long> times = new TreeSet<>();
    times.add(event.time());
    for (FeatureEvent other : events) {
      long time = other.time();
      if (time > event.time()
          && group.features().stream()
              .anyMatch(
                  feature ->
                      event.changes(feature)
                          && event.time() >= group.windowStart(time, feature.window()))) {
        times.add(time);
      }
    }
    return times;
  }

  private Row rowAt(FeatureGroup group, long time) {
    List<BigDecimal> values = new ArrayList<>(group.features().size());
    for (FeatureGroup.Feature feature : group.features()) {
      long start = group.windowStart(time, feature.window());
      BigDecimal value = BigDecimal.ZERO;
      for (FeatureEvent event : events) {
        if (event.time() >= start && event.time() <= time && event.changes(feature)) {
          value =
              value.add(
                  feature.measure() < 0 ? BigDecimal.ONE : event.amounts().get(feature.measure()));
        }
      }
      values.add(value);
    }
    return new Row(time, seen, time == newest(), List.copyOf(values));
  }

  /** Encodes windows in state. */
  public static final class Coder extends DataCoder<EntityWindow> {
    private static final long serialVersionUID = 1L;
    private static final FeatureEvent.Coder EVENT = new FeatureEvent.Coder();

    @Override
    protected void write(EntityWindow window, DataOutputStream out) throws IOException {
      out.writeLong(window.seen);
      out.writeInt(window.events.size());
      for (FeatureEvent event : window.events) {
        EVENT.encode(event, out);
      }
    }

    @Override
    protected EntityWindow read(DataInputStream in) throws IOException {
      long seen = in.readLong();
      int size = in.readInt();
      List<FeatureEvent> events = new ArrayList<>(size);
      for (int i = 0; i < size; i++) {
        events.add(EVENT.decode(in));
      }
      return new EntityWindow(seen, List.copyOf(events));
    }
  }
}
