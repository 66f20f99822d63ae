package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.Digest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.state.BagState;
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
 * Gathers rows of a partition into files: one for what arrives within the flush interval, or when
 * it is big enough.
 *
 * <p>Processing time decides, never the watermark: a row of any age finds its file.
 */
public final class GatherRows extends DoFn<KV<Partition, LakeRow>, FileBatch> {
  private static final long serialVersionUID = 1L;

  @StateId("rows")
  private final StateSpec<BagState<LakeRow>> rowsSpec = StateSpecs.bag(new LakeRow.Coder());

  @StateId("weight")
  private final StateSpec<ValueState<Long>> weightSpec = StateSpecs.value(VarLongCoder.of());

  @TimerId("flush")
  private final TimerSpec flushSpec = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

  private final Duration flushInterval;
  private final long maxBytes;

  /**
   * @param maxBytes rows are handed on when they weigh this much in memory; Parquet makes a fifth
   *     or less of it
   */
  public GatherRows(Duration flushInterval, long maxBytes) {
    this.flushInterval = flushInterval;
    this.maxBytes = maxBytes;
  }

  @ProcessElement
  public void process(
      @Element KV<Partition, LakeRow> element,
      @Timestamp Instant timestamp,
      @StateId("rows") BagState<LakeRow> rows,
      @StateId("weight") ValueState<Long> weight,
      @TimerId("flush") Timer flush,
      OutputReceiver<FileBatch> output) {
    Long before = weight.read();
    rows.add(element.getValue());
    long after = (before == null ? 0 : before) + element.getValue().weight();
    if (after >= maxBytes) {
      emit(element.getKey(), rows, weight, timestamp, output);
      return;
    }
    weight.write(after);
    if (before == null) {
      // Without an output timestamp the timer would hold the watermark.
      flush.offset(flushInterval).withNoOutputTimestamp().setRelative();
    }
  }

  @OnTimer("flush")
  public void flush(
      @Key Partition partition,
      OnTimerContext context,
      @StateId("rows") BagState<LakeRow> rows,
      @StateId("weight") ValueState<Long> weight,
      OutputReceiver<FileBatch> output) {
    emit(partition, rows, weight, context.fireTimestamp(), output);
  }

  /** The timer that is still set after a full batch finds the next rows early, or nothing. */
  private void emit(
      Partition partition,
      BagState<LakeRow> rows,
      ValueState<Long> weight,
      Instant timestamp,
      OutputReceiver<FileBatch> output) {
    List<LakeRow> batch = new ArrayList<>();
    rows.read().forEach(batch::add);
    rows.clear();
    weight.clear();
    if (!batch.isEmpty()) {
      batch.sort(Comparator.comparing(LakeRow::id));
      output.outputWithTimestamp(
          new FileBatch(partition, name(partition, batch), batch), timestamp);
    }
  }

  @Override
  @SuppressWarnings("deprecation")
  public Duration getAllowedTimestampSkew() {
    // Files have no event time of their own; nothing after this looks at it.
    return Duration.millis(Long.MAX_VALUE);
  }

  /** A function of the rows: the same rows have the same name, others never. */
  static String name(Partition partition, List<LakeRow> sorted) {
    Digest digest = new Digest().add(partition.folder());
    sorted.forEach(row -> digest.add(row.id()));
    return "part-" + digest.hex() + ".parquet";
  }
}
