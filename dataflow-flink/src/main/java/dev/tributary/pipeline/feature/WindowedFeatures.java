package dev.tributary.pipeline.feature;

import dev.tributary.pipeline.bus.OutgoingMessage;
import dev.tributary.pipeline.contract.Timestamps;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.packed.Bytes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.state.MapState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.state.Timer;
import org.apache.beam.sdk.state.TimerSpec;
import org.apache.beam.sdk.state.TimerSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.TupleTag;
import org.joda.time.Duration;

/**
 * Emits feature rows for every event as it comes: docs/interfaces.md#feature-row.
 *
 * <p>Event time decides the values, arrival when they are emitted; no window waits for a watermark.
 * An event whose windows are closed for good becomes a dead letter with reason LATE: it is in the
 * files, and in no feature.
 *
 * <p>Entities are many and most come back never, so they are forgotten: an entity whose newest
 * event is older than {@code memory} before the newest event of its bucket. An event of an unknown
 * entity that is as old as that is late, since what preceded it may have been forgotten.
 */
public final class WindowedFeatures extends DoFn<KV<Integer, byte[]>, OutgoingMessage> {
  private static final long serialVersionUID = 1L;

  /** Looking through all entities of a bucket is dear; what is old can wait to be forgotten. */
  private static final Duration FORGET_EVERY = Duration.standardHours(1);

  /** A clock that runs ahead by more than this must not make everybody else late. */
  private static final Duration MAX_AHEAD = Duration.standardDays(1);

  public static final TupleTag<OutgoingMessage> ROWS = new TupleTag<>() {};
  public static final TupleTag<DeadLetter> LETTERS = new TupleTag<>() {};

  /** By ordering key: the view and the entity. */
  @StateId("windows")
  private final StateSpec<MapState<String, EntityWindow>> windowsSpec =
      StateSpecs.map(StringUtf8Coder.of(), new EntityWindow.Coder());

  /** The newest event time of the bucket, microseconds. */
  @StateId("clock")
  private final StateSpec<ValueState<Long>> clockSpec = StateSpecs.value(VarLongCoder.of());

  @TimerId("forget")
  private final TimerSpec forgetSpec = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

  private final FeatureGroups groups;
  private final long memoryMicros;
  private final Counter late = Metrics.counter("features", "late");
  private transient Map<String, FeatureGroup> byName;
  private transient Map<String, FeatureMessage> messages;

  /**
   * @param memory how long entities are remembered, in event time; at least three times the longest
   *     window
   */
  public WindowedFeatures(FeatureGroups groups, Duration memory) {
    this.groups = groups;
    long longest = groups.groups().stream().mapToLong(FeatureGroup::longestWindow).max().orElse(0);
    this.memoryMicros = Math.max(memory.getMillis() * 1_000, 3 * longest);
  }

  @Setup
  public void setup() {
    byName = new HashMap<>();
    messages = new HashMap<>();
    for (FeatureGroup group : groups.groups()) {
      byName.put(group.name(), group);
      messages.put(group.name(), new FeatureMessage(group));
    }
  }

  @ProcessElement
  public void process(
      @Element KV<Integer, byte[]> element,
      @StateId("windows") MapState<String, EntityWindow> windows,
      @StateId("clock") ValueState<Long> clock,
      @TimerId("forget") Timer forget,
      MultiOutputReceiver output) {
    byte[] events = element.getValue();
    Instant now = Instant.now();
    long nowMicros = Timestamps.micros(now);
    Long before = clock.read();
    long newest = before == null ? Long.MIN_VALUE : before;
    if (before == null) {
      forget.offset(FORGET_EVERY).withNoOutputTimestamp().setRelative();
    }
    for (int at = 0; at < events.length; ) {
      int from = at + 2 * Integer.BYTES;
      at += Integer.BYTES + Bytes.intAt(events, at);
      FeatureEvent event = FeatureEvent.read(events, from);
      if (event.time() > newest && event.time() < nowMicros + MAX_AHEAD.getMillis() * 1_000) {
        newest = event.time();
      }
      add(event, newest, windows, nowMicros, output);
    }
    if (before == null || newest > before) {
      clock.write(newest);
    }
  }

  private void add(
      FeatureEvent event,
      long newest,
      MapState<String, EntityWindow> windows,
      long now,
      MultiOutputReceiver output) {
    FeatureGroup group = byName.get(event.view());
    if (group == null) {
      // Of a group that the job's newer version no longer has.
      return;
    }
    String key = event.orderingKey();
    EntityWindow window = windows.get(key).read();
    boolean mayBeForgotten = window == null && event.time() < newest - memoryMicros;
    EntityWindow.Update update =
        (window == null ? EntityWindow.empty(group) : window).add(group, event);
    if (mayBeForgotten) {
      late(event, newest - memoryMicros, output);
      return;
    }
    switch (update.fate()) {
      case COUNTED -> {
        windows.put(key, update.window());
        FeatureMessage message = messages.get(group.name());
        for (EntityWindow.Row row : update.rows()) {
          output.get(ROWS).output(message.of(key, event, row, now));
        }
      }
      case LATE -> late(event, window.lateLimit(group, event.time()), output);
      case TOO_LARGE -> output.get(LETTERS).output(FeatureLetters.tooLarge(event));
      case KNOWN -> {
        // The same source row, read again by a snapshot.
      }
    }
  }

  private void late(FeatureEvent event, long limit, MultiOutputReceiver output) {
    late.inc();
    output.get(LETTERS).output(FeatureLetters.late(event, limit));
  }

  @OnTimer("forget")
  public void forget(
      @StateId("windows") MapState<String, EntityWindow> windows,
      @StateId("clock") ValueState<Long> clock,
      @TimerId("forget") Timer forget) {
    Long newest = clock.read();
    if (newest != null) {
      List<String> old = new ArrayList<>();
      for (Map.Entry<String, EntityWindow> entity : windows.entries().read()) {
        if (entity.getValue().newest() < newest - memoryMicros) {
          old.add(entity.getKey());
        }
      }
      old.forEach(windows::remove);
    }
    forget.offset(FORGET_EVERY).withNoOutputTimestamp().setRelative();
  }
}
