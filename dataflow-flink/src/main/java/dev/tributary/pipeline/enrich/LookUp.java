package dev.tributary.pipeline.enrich;

import dev.tributary.pipeline.change.LiveInputs;
import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.PackedLookup;
import dev.tributary.pipeline.packed.PackedRows;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.state.BagState;
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
import org.joda.time.Duration;
import org.joda.time.Instant;

/**
 * Fills the fields that a contract looks up in another stream, such as a line's price of the
 * product at that time: the version with the greatest event time not after the row's.
 *
 * <p>A row waits until the watermark has passed its own publish time: all that the other stream had
 * published before it has then been seen. What is not known by then stays null, and a backfill
 * fills it. Only files wait; features have left before.
 */
public final class LookUp extends DoFn<KV<Integer, byte[]>, byte[]> {
  private static final long serialVersionUID = 1L;

  /** Of each key; a row older than the oldest of them stays null. */
  private static final int MAX_VERSIONS = 1_000;

  /** Versions one after the other ({@link Version}), by key. */
  @StateId("versions")
  private final StateSpec<MapState<String, byte[]>> versionsSpec =
      StateSpecs.map(StringUtf8Coder.of(), ByteArrayCoder.of());

  /** Batches that wait, with the watermark they wait for in milliseconds. */
  @StateId("waiting")
  private final StateSpec<BagState<KV<Long, byte[]>>> waitingSpec =
      StateSpecs.bag(KvCoder.of(VarLongCoder.of(), ByteArrayCoder.of()));

  /** The watermark that the timer is set to; null where nothing waits. */
  @StateId("wakeAt")
  private final StateSpec<ValueState<Long>> wakeAtSpec = StateSpecs.value(VarLongCoder.of());

  @TimerId("wake")
  private final TimerSpec wakeSpec = TimerSpecs.timer(TimeDomain.EVENT_TIME);

  private final LiveInputs inputs;
  private final Counter found = Metrics.counter("lookup", "found");
  private final Counter unknown = Metrics.counter("lookup", "unknown");
  private transient LookupColumns columns;
  private transient Bytes rows;
  private transient long foundCount;
  private transient long unknownCount;

  public LookUp(LiveInputs inputs) {
    this.inputs = inputs;
  }

  @StartBundle
  public void startBundle() {
    if (columns == null) {
      columns = new LookupColumns(inputs.current().contracts());
      rows = new Bytes(32 << 10);
    }
  }

  @ProcessElement
  public void process(
      @Element KV<Integer, byte[]> element,
      @StateId("versions") MapState<String, byte[]> versions,
      @StateId("waiting") BagState<KV<Long, byte[]>> waiting,
      @StateId("wakeAt") ValueState<Long> wakeAt,
      @TimerId("wake") Timer wake) {
    byte[] items = element.getValue();
    long until = Long.MIN_VALUE;
    for (int at = 0; at < items.length; at = PackedLookup.next(items, at)) {
      if (PackedLookup.kind(items, at) == PackedLookup.ROW) {
        until = Math.max(until, PackedLookup.published(items, at));
      } else {
        String key = key(items, at);
        int content = PackedLookup.content(items, at);
        byte[] known = versions.get(key).read();
        byte[] more =
            Version.insert(
                known, items, content, PackedLookup.next(items, at) - content, MAX_VERSIONS);
        if (more != known) {
          versions.put(key, more);
        }
      }
    }
    if (until > Long.MIN_VALUE) {
      waiting.add(KV.of(until, items));
      if (wakeAt.read() == null) {
        wakeAt.write(until);
        wake.withNoOutputTimestamp().set(new Instant(until));
      }
    }
  }

  @OnTimer("wake")
  public void wake(
      OnTimerContext context,
      @StateId("versions") MapState<String, byte[]> versions,
      @StateId("waiting") BagState<KV<Long, byte[]>> waiting,
      @StateId("wakeAt") ValueState<Long> wakeAt,
      @TimerId("wake") Timer wake,
      OutputReceiver<byte[]> output) {
    long now = context.fireTimestamp().getMillis();
    List<KV<Long, byte[]>> early = new ArrayList<>();
    Map<String, byte[]> cache = new HashMap<>();
    long next = Long.MIN_VALUE;
    for (KV<Long, byte[]> batch : waiting.read()) {
      if (batch.getKey() > now) {
        early.add(batch);
        next = Math.max(next, batch.getKey());
      } else {
        rows.truncate(0);
        fill(batch.getValue(), versions, cache);
        output.outputWithTimestamp(rows.copy(), context.fireTimestamp());
      }
    }
    found.inc(foundCount);
    unknown.inc(unknownCount);
    foundCount = 0;
    unknownCount = 0;
    waiting.clear();
    early.forEach(waiting::add);
    if (early.isEmpty()) {
      wakeAt.clear();
    } else {
      // For the last of them: were it for the first, all others would be put back each time.
      wakeAt.write(next);
      wake.withNoOutputTimestamp().set(new Instant(next));
    }
  }

  private void fill(byte[] items, MapState<String, byte[]> versions, Map<String, byte[]> cache) {
    for (int at = 0; at < items.length; at = PackedLookup.next(items, at)) {
      if (PackedLookup.kind(items, at) != PackedLookup.ROW) {
        continue;
      }
      String key = key(items, at);
      byte[] known = cache.get(key);
      if (known == null) {
        byte[] read = versions.get(key).read();
        known = read == null ? new byte[0] : read;
        cache.put(key, known);
      }
      int content = PackedLookup.content(items, at);
      long time = Bytes.longAt(items, content);
      int version = Version.at(known, time);
      long schema = PackedRows.schema(items, content + Long.BYTES);
      if (!columns.knows(schema)) {
        // Of a contract that the parser has taken up already.
        columns.learn(inputs.refreshed().contracts());
      }
      if (columns.fill(rows, items, content + Long.BYTES, known, version)) {
        foundCount++;
      } else {
        unknownCount++;
      }
    }
  }

  private static String key(byte[] items, int at) {
    // Only ever compared with its like, so any encoding that loses nothing will do.
    return new String(
        items,
        PackedLookup.key(at),
        PackedLookup.keyLength(items, at),
        StandardCharsets.ISO_8859_1);
  }

  @Override
  @SuppressWarnings("deprecation")
  public Duration getAllowedTimestampSkew() {
    return Duration.millis(Long.MAX_VALUE);
  }
}
