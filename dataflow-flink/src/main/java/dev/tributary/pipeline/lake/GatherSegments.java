package dev.tributary.pipeline.lake;

import java.util.ArrayList;
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
 * Gathers segments into files: one for what arrives within the flush interval, or when it is big
 * enough.
 *
 * <p>Processing time decides, never the watermark: a row of any age finds its file.
 */
public final class GatherSegments extends DoFn<KV<FileGroup, Segment>, LakeFile> {
  private static final long serialVersionUID = 1L;

  @StateId("segments")
  private final StateSpec<BagState<Segment>> segmentsSpec = StateSpecs.bag(new Segment.Coder());

  @StateId("bytes")
  private final StateSpec<ValueState<Long>> bytesSpec = StateSpecs.value(VarLongCoder.of());

  @TimerId("flush")
  private final TimerSpec flushSpec = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

  private final Duration flushInterval;
  private final long maxBytes;

  /**
   * @param maxBytes a file is handed on when its segments have this much, encoded
   */
  public GatherSegments(Duration flushInterval, long maxBytes) {
    this.flushInterval = flushInterval;
    this.maxBytes = maxBytes;
  }

  @ProcessElement
  public void process(
      @Element KV<FileGroup, Segment> element,
      @Timestamp Instant timestamp,
      @StateId("segments") BagState<Segment> segments,
      @StateId("bytes") ValueState<Long> bytes,
      @TimerId("flush") Timer flush,
      OutputReceiver<LakeFile> output) {
    Long before = bytes.read();
    segments.add(element.getValue());
    long after = (before == null ? 0 : before) + element.getValue().content().length;
    if (after >= maxBytes) {
      emit(element.getKey(), segments, bytes, timestamp, output);
      return;
    }
    bytes.write(after);
    if (before == null) {
      // Without an output timestamp the timer would hold the watermark.
      flush.offset(flushInterval).withNoOutputTimestamp().setRelative();
    }
  }

  @OnTimer("flush")
  public void flush(
      @Key FileGroup group,
      OnTimerContext context,
      @StateId("segments") BagState<Segment> segments,
      @StateId("bytes") ValueState<Long> bytes,
      OutputReceiver<LakeFile> output) {
    emit(group, segments, bytes, context.fireTimestamp(), output);
  }

  /** The timer that is still set after a full file finds the next segments early, or nothing. */
  private void emit(
      FileGroup group,
      BagState<Segment> segments,
      ValueState<Long> bytes,
      Instant timestamp,
      OutputReceiver<LakeFile> output) {
    List<Segment> gathered = new ArrayList<>();
    segments.read().forEach(gathered::add);
    segments.clear();
    bytes.clear();
    if (!gathered.isEmpty()) {
      output.outputWithTimestamp(LakeFile.of(group, gathered), timestamp);
    }
  }

  @Override
  @SuppressWarnings("deprecation")
  public Duration getAllowedTimestampSkew() {
    // Files have no event time of their own; nothing after this looks at it.
    return Duration.millis(Long.MAX_VALUE);
  }
}
