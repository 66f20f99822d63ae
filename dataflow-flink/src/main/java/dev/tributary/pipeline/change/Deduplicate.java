package dev.tributary.pipeline.change;

import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.MicroBatcher;
import dev.tributary.pipeline.packed.PackedChange;
import dev.tributary.pipeline.packed.PackedChange.Section;
import dev.tributary.pipeline.packed.PackedLookup;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.apache.beam.sdk.coders.BooleanCoder;
import org.apache.beam.sdk.coders.ByteArrayCoder;
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
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.TupleTag;
import org.joda.time.Duration;
import org.joda.time.Instant;

/**
 * Lets the first arrival of an id through and drops the others, for at least the time to live.
 *
 * <p>Changes that are near each other in the source's log are near each other on the bus, and a
 * duplicate has the same place in the log. So ids are remembered by the block of the log they
 * belong to, 16 bytes each: a batch of changes asks for one block or two, whatever the state
 * backend, and not for each id.
 *
 * <p>Blocks are remembered in two generations per bucket. A timer clears the older one and makes it
 * the younger, so that an id lives one to two times the time to live, and forgetting costs one
 * timer a bucket and not one an id.
 *
 * <p>Rows come out as {@code PackedRows}.
 */
public final class Deduplicate extends DoFn<KV<Integer, byte[]>, byte[]> {
  private static final long serialVersionUID = 1L;

  /** Enough for any parallelism in sight, few enough that batches are full. */
  public static final int BUCKETS = 256;

  /** Features of so many groups of entities may be worked out side by side. */
  public static final int ENTITY_BUCKETS = 64;

  /** The same for what rows look up. */
  public static final int LOOKUP_BUCKETS = 64;

  /** Full enough that a shuffle's overhead does not count, small enough for a network buffer. */
  private static final int MAX_BATCH_BYTES = 32 << 10;

  private static final int ID_BYTES = 2 * Long.BYTES;

  public static final TupleTag<byte[]> ROWS = new TupleTag<>() {};
  public static final TupleTag<KV<Integer, byte[]>> LOOKUPS = new TupleTag<>() {};
  public static final TupleTag<KV<Integer, byte[]>> EVENTS = new TupleTag<>() {};
  public static final TupleTag<DeadLetter> LETTERS = new TupleTag<>() {};

  /** Ids one after the other, by block. */
  @StateId("even")
  private final StateSpec<MapState<Long, byte[]>> evenSpec =
      StateSpecs.map(VarLongCoder.of(), ByteArrayCoder.of());

  @StateId("odd")
  private final StateSpec<MapState<Long, byte[]>> oddSpec =
      StateSpecs.map(VarLongCoder.of(), ByteArrayCoder.of());

  /** Which generation is the younger; null before the first arrival. */
  @StateId("youngerIsEven")
  private final StateSpec<ValueState<Boolean>> youngerSpec = StateSpecs.value(BooleanCoder.of());

  @TimerId("turn")
  private final TimerSpec turnSpec = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

  private final Duration timeToLive;
  private final Counter duplicates = Metrics.counter("dedupe", "duplicates");
  private transient MicroBatcher events;
  private transient MicroBatcher lookups;
  private transient Bytes rows;
  private transient SeenBlock block;

  public Deduplicate(Duration timeToLive) {
    this.timeToLive = timeToLive;
  }

  /** The bucket of a block. */
  public static int bucket(long block) {
    // Neighbours go to different buckets: all take part while one stretch of the log is read.
    return (int) Math.floorMod(block * 0x9E3779B97F4A7C15L >>> 32, BUCKETS);
  }

  /** The bucket of an entity's windows. */
  static int entityBucket(String orderingKey) {
    // Of the upper bits: the map that a bucket's entities lie in is filled by the lower ones.
    return (orderingKey.hashCode() * 0x9E3779B9 >>> 16) % ENTITY_BUCKETS;
  }

  @StartBundle
  public void startBundle() {
    if (rows == null) {
      events = new MicroBatcher(ENTITY_BUCKETS, MAX_BATCH_BYTES);
      lookups = new MicroBatcher(LOOKUP_BUCKETS, MAX_BATCH_BYTES);
      rows = new Bytes(MAX_BATCH_BYTES);
      block = new SeenBlock();
    }
    events.reset();
    lookups.reset();
  }

  @ProcessElement
  public void process(
      @Element KV<Integer, byte[]> element,
      @Timestamp Instant timestamp,
      @StateId("even") MapState<Long, byte[]> even,
      @StateId("odd") MapState<Long, byte[]> odd,
      @StateId("youngerIsEven") ValueState<Boolean> youngerIsEven,
      @TimerId("turn") Timer turn,
      MultiOutputReceiver output)
      throws IOException {
    Boolean younger = youngerIsEven.read();
    if (younger == null) {
      younger = true;
      youngerIsEven.write(true);
      setTurn(turn);
    }
    MapState<Long, byte[]> remembered = younger ? even : odd;
    MapState<Long, byte[]> older = younger ? odd : even;
    MicroBatcher.Output toEvents =
        (key, batch, time) -> output.get(EVENTS).outputWithTimestamp(KV.of(key, batch), time);
    MicroBatcher.Output toLookups =
        (key, batch, time) -> output.get(LOOKUPS).outputWithTimestamp(KV.of(key, batch), time);

    byte[] changes = element.getValue();
    rows.truncate(0);
    boolean loaded = false;
    for (int at = 0; at < changes.length; at = PackedChange.next(changes, at)) {
      long number = PackedChange.block(changes, at);
      if (!loaded || block.number() != number) {
        if (loaded) {
          block.saveTo(remembered);
        }
        block.load(number, remembered.get(number).read(), older.get(number).read());
        loaded = true;
      }
      if (!block.add(PackedChange.idHigh(changes, at), PackedChange.idLow(changes, at))) {
        duplicates.inc();
        continue;
      }
      int section = PackedChange.section(changes, at, Section.ROWS);
      rows.put(changes, section, PackedChange.sectionLength(changes, section));
      section = PackedChange.section(changes, at, Section.LOOKUPS);
      passOn(changes, section, lookups, timestamp, toLookups);
      section = PackedChange.section(changes, at, Section.EVENTS);
      passOn(changes, section, events, timestamp, toEvents);
      section = PackedChange.section(changes, at, Section.LETTER);
      int length = PackedChange.sectionLength(changes, section);
      if (length > 0) {
        output
            .get(LETTERS)
            .output(
                new DeadLetter.Coder().decode(new ByteArrayInputStream(changes, section, length)));
      }
    }
    if (loaded) {
      block.saveTo(remembered);
    }
    if (rows.size() > 0) {
      output.get(ROWS).output(rows.copy());
    }
    lookups.settle(toLookups);
    events.settle(toEvents);
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) {
    lookups.flush(
        (key, batch, time) ->
            context.output(LOOKUPS, KV.of(key, batch), time, GlobalWindow.INSTANCE));
    events.flush(
        (key, batch, time) ->
            context.output(EVENTS, KV.of(key, batch), time, GlobalWindow.INSTANCE));
  }

  @OnTimer("turn")
  public void turn(
      @StateId("even") MapState<Long, byte[]> even,
      @StateId("odd") MapState<Long, byte[]> odd,
      @StateId("youngerIsEven") ValueState<Boolean> youngerIsEven,
      @TimerId("turn") Timer turn) {
    boolean younger = Boolean.TRUE.equals(youngerIsEven.read());
    (younger ? odd : even).clear();
    youngerIsEven.write(!younger);
    setTurn(turn);
  }

  @Override
  @SuppressWarnings("deprecation")
  public Duration getAllowedTimestampSkew() {
    // A batch has the least time of its items, which may have come with an element before.
    return Duration.millis(Long.MAX_VALUE);
  }

  /** Items of both sections begin with their length and their bucket. */
  private static void passOn(
      byte[] changes,
      int section,
      MicroBatcher batcher,
      Instant timestamp,
      MicroBatcher.Output output) {
    int end = section + PackedChange.sectionLength(changes, section);
    for (int at = section; at < end; ) {
      int next = PackedLookup.next(changes, at);
      batcher.add(
          PackedLookup.bucket(changes, at), changes, at, next - at, timestamp.getMillis(), output);
      at = next;
    }
  }

  private void setTurn(Timer turn) {
    // Without an output timestamp the timer would hold the watermark for all that time.
    turn.offset(timeToLive).withNoOutputTimestamp().setRelative();
  }

  /** The ids of one block: those remembered and those of the batch at hand. */
  private static final class SeenBlock {
    /** Beyond this many, looking each one up is dearer than making a table of them. */
    private static final int MAX_SCANNED = 128;

    private final Bytes younger = new Bytes(4096);
    private byte[] older = new byte[0];
    private final IdTable table = new IdTable();
    private long number;
    private int savedSize;

    long number() {
      return number;
    }

    void load(long block, byte[] youngerIds, byte[] olderIds) {
      number = block;
      younger.truncate(0);
      if (youngerIds != null) {
        younger.put(youngerIds);
      }
      savedSize = younger.size();
      older = olderIds == null ? new byte[0] : olderIds;
      table.clear();
      if (younger.size() + older.length > MAX_SCANNED * ID_BYTES) {
        fillTable();
      }
    }

    private void fillTable() {
      table.addAll(older, older.length);
      table.addAll(younger.array(), younger.size());
    }

    /** Whether the id is new; it is known from now on. */
    boolean add(long high, long low) {
      if (table.isEmpty()) {
        if (contains(younger.array(), younger.size(), high, low)
            || contains(older, older.length, high, low)) {
          return false;
        }
        younger.putLong(high).putLong(low);
        if (younger.size() + older.length > MAX_SCANNED * ID_BYTES) {
          fillTable();
        }
        return true;
      }
      if (!table.add(high, low)) {
        return false;
      }
      younger.putLong(high).putLong(low);
      return true;
    }

    /** State values are never changed in place: a checkpoint may be reading the old one. */
    void saveTo(MapState<Long, byte[]> state) {
      if (younger.size() > savedSize) {
        state.put(number, younger.copy());
        savedSize = younger.size();
      }
    }

    private static boolean contains(byte[] ids, int size, long high, long low) {
      for (int at = 0; at < size; at += ID_BYTES) {
        if (Bytes.longAt(ids, at + Long.BYTES) == low && Bytes.longAt(ids, at) == high) {
          return true;
        }
      }
      return false;
    }
  }
}
