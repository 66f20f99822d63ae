package dev.tributary.pipeline.change;

import dev.tributary.pipeline.DataCoder;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.feature.FeatureEvent;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Partition;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.beam.sdk.coders.BooleanCoder;
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
 * Lets the first arrival of an id through and drops the others, for at least the time to live.
 *
 * <p>Ids are remembered in two generations per bucket. A timer clears the older one and makes it
 * the younger, so that an id lives one to two times the time to live, and forgetting costs one
 * timer a bucket and not one an id.
 */
public final class Deduplicate extends DoFn<KV<Integer, Arrival>, KV<Partition, LakeRow>> {
  private static final long serialVersionUID = 1L;

  /** Enough for any parallelism in sight, few enough that timers and map entries stay cheap. */
  private static final int BUCKETS = 256;

  public static final TupleTag<KV<Partition, LakeRow>> ROWS = new TupleTag<>() {};
  public static final TupleTag<DeadLetter> LETTERS = new TupleTag<>() {};
  public static final TupleTag<KV<String, FeatureEvent>> EVENTS = new TupleTag<>() {};

  @StateId("even")
  private final StateSpec<MapState<Id, Boolean>> evenSpec =
      StateSpecs.map(new IdCoder(), BooleanCoder.of());

  @StateId("odd")
  private final StateSpec<MapState<Id, Boolean>> oddSpec =
      StateSpecs.map(new IdCoder(), BooleanCoder.of());

  /** Which generation is the younger; null before the first arrival. */
  @StateId("youngerIsEven")
  private final StateSpec<ValueState<Boolean>> youngerSpec = StateSpecs.value(BooleanCoder.of());

  @TimerId("turn")
  private final TimerSpec turnSpec = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

  private final Duration timeToLive;
  private final Counter duplicates = Metrics.counter("dedupe", "duplicates");

  public Deduplicate(Duration timeToLive) {
    this.timeToLive = timeToLive;
  }

  /** The bucket of an id of hex digits. */
  public static int bucket(String id) {
    return Integer.parseInt(id, 0, 6, 16) % BUCKETS;
  }

  @ProcessElement
  public void process(
      @Element KV<Integer, Arrival> element,
      @StateId("even") MapState<Id, Boolean> even,
      @StateId("odd") MapState<Id, Boolean> odd,
      @StateId("youngerIsEven") ValueState<Boolean> youngerIsEven,
      @TimerId("turn") Timer turn,
      MultiOutputReceiver output) {
    Boolean younger = youngerIsEven.read();
    if (younger == null) {
      younger = true;
      youngerIsEven.write(true);
      setTurn(turn);
    }
    Arrival arrival = element.getValue();
    Id id = Id.of(arrival.id());
    if (even.get(id).read() != null || odd.get(id).read() != null) {
      duplicates.inc();
      return;
    }
    (younger ? even : odd).put(id, true);
    for (Arrival.Filed filed : arrival.rows()) {
      output.get(ROWS).output(KV.of(filed.partition(), filed.row()));
    }
    if (arrival.letter() != null) {
      output.get(LETTERS).output(arrival.letter());
    }
    for (FeatureEvent event : arrival.events()) {
      output.get(EVENTS).output(KV.of(event.orderingKey(), event));
    }
  }

  @OnTimer("turn")
  public void turn(
      @StateId("even") MapState<Id, Boolean> even,
      @StateId("odd") MapState<Id, Boolean> odd,
      @StateId("youngerIsEven") ValueState<Boolean> youngerIsEven,
      @TimerId("turn") Timer turn) {
    boolean younger = Boolean.TRUE.equals(youngerIsEven.read());
    (younger ? odd : even).clear();
    youngerIsEven.write(!younger);
    setTurn(turn);
  }

  private void setTurn(Timer turn) {
    // Without an output timestamp the timer would hold the watermark for all that time.
    turn.offset(timeToLive).withNoOutputTimestamp().setRelative();
  }

  /** 128 bits in two longs: a fifth of what 32 hex digits take on the heap. */
  record Id(long high, long low) {
    static Id of(String hex) {
      return new Id(
          Long.parseUnsignedLong(hex, 0, 16, 16), Long.parseUnsignedLong(hex, 16, 32, 16));
    }
  }

  /** Encodes ids in state. */
  static final class IdCoder extends DataCoder<Id> {
    private static final long serialVersionUID = 1L;

    @Override
    protected void write(Id id, DataOutputStream out) throws IOException {
      out.writeLong(id.high);
      out.writeLong(id.low);
    }

    @Override
    protected Id read(DataInputStream in) throws IOException {
      return new Id(in.readLong(), in.readLong());
    }

    @Override
    public boolean consistentWithEquals() {
      return true;
    }
  }
}
