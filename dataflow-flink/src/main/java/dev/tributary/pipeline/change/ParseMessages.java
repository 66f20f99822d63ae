package dev.tributary.pipeline.change;

import dev.tributary.pipeline.CompiledInputs;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.erasure.ErasedSubjects;
import dev.tributary.pipeline.erasure.LiveErasures;
import dev.tributary.pipeline.lake.Schemas;
import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.MicroBatcher;
import dev.tributary.pipeline.packed.PackedChange;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import java.io.IOException;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.joda.time.Duration;
import org.joda.time.Instant;

/**
 * Reads messages and packs what they lead to, keyed by where their ids are remembered.
 *
 * <p>Contracts that change while it runs are taken up between two bundles, or when a message comes
 * that those at hand refuse.
 *
 * <p>What is about somebody who was erased ends here: every message passes this door, whoever
 * published it, and nothing is stored before it.
 */
public final class ParseMessages extends DoFn<BusMessage, KV<Integer, byte[]>> {
  private static final long serialVersionUID = 1L;
  private static final int MAX_BATCH_BYTES = 64 << 10;

  private final LiveInputs inputs;
  private final String lake;
  private final String piiKeysFile;
  private final Counter fast = Metrics.counter("parse", "fast");
  private final LiveErasures erasures;
  private final Counter erased = Metrics.counter("parse", "erased");
  private final Counter whole = Metrics.counter("parse", "whole");
  private transient CompiledInputs current;
  private transient Schemas schemas;
  private transient MessageReader reader;
  private transient FastReader fastReader;
  private transient ArrivalPacker packer;
  private transient MicroBatcher batches;

  /** Counted by the bundle: a counter is looked up each time it is told something. */
  private transient long fastCount;

  private transient long wholeCount;
  private transient long erasedCount;
  private transient ErasedSubjects erasedSubjects;

  public ParseMessages(LiveInputs inputs, String lake, String piiKeysFile) {
    this.inputs = inputs;
    this.lake = lake;
    this.piiKeysFile = piiKeysFile;
    this.erasures = new LiveErasures(lake, piiKeysFile);
  }

  @StartBundle
  public void startBundle(PipelineOptions options) throws IOException {
    // Not at set-up: file systems are ready only now on every runner.
    CompiledInputs newest = inputs.current();
    if (newest != current) {
      adopt(newest, options);
    }
    erasedSubjects = erasures.current(current.contracts(), options);
    batches.reset();
  }

  private void adopt(CompiledInputs newest, PipelineOptions options) throws IOException {
    if (batches == null) {
      batches = new MicroBatcher(Deduplicate.BUCKETS, MAX_BATCH_BYTES);
      schemas = new Schemas(lake, inputs.initial().contracts());
    }
    for (Contract contract : newest.contracts().streams().values()) {
      schemas.keep(contract, options);
    }
    packer = new ArrivalPacker(newest.contracts());
    reader =
        new MessageReader(
            newest.contracts(), newest.features(), new Protection(PiiKeys.load(piiKeysFile)));
    fastReader = new FastReader(newest.contracts(), newest.features(), packer);
    current = newest;
  }

  @ProcessElement
  public void process(
      @Element BusMessage message,
      @Timestamp Instant timestamp,
      PipelineOptions options,
      OutputReceiver<KV<Integer, byte[]>> output)
      throws IOException {
    if (erasedSubjects.concern(message)) {
      erasedCount++;
      return;
    }
    MicroBatcher.Output emit =
        (key, batch, time) -> output.outputWithTimestamp(KV.of(key, batch), time);
    Bytes change = fastReader.read(message);
    if (change == null) {
      wholeCount++;
      change = packer.pack(readWhole(message, options), message.publishedAt());
    } else {
      fastCount++;
    }
    batches.add(
        Deduplicate.bucket(PackedChange.block(change.array(), 0)),
        change.array(),
        0,
        change.size(),
        timestamp.getMillis(),
        emit);
    batches.settle(emit);
  }

  /** What newer contracts allow is no dead letter for having come before they were taken up. */
  private Arrival readWhole(BusMessage message, PipelineOptions options) throws IOException {
    Arrival arrival = reader.read(message);
    if (arrival.letter() == null) {
      return arrival;
    }
    CompiledInputs newest = inputs.refreshed();
    if (newest == current) {
      return arrival;
    }
    adopt(newest, options);
    return reader.read(message);
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) {
    fast.inc(fastCount);
    whole.inc(wholeCount);
    erased.inc(erasedCount);
    erasedCount = 0;
    fastCount = 0;
    wholeCount = 0;
    batches.flush(
        (key, batch, time) -> context.output(KV.of(key, batch), time, GlobalWindow.INSTANCE));
  }

  @Override
  @SuppressWarnings("deprecation")
  public Duration getAllowedTimestampSkew() {
    // A batch has the least time of its messages.
    return Duration.millis(Long.MAX_VALUE);
  }
}
