package dev.tributary.pipeline;

import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.bus.OutgoingMessage;
import dev.tributary.pipeline.change.Arrival;
import dev.tributary.pipeline.change.Deduplicate;
import dev.tributary.pipeline.change.ParseMessages;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.deadletter.WriteDeadLetters;
import dev.tributary.pipeline.feature.FeatureEvent;
import dev.tributary.pipeline.feature.WindowedFeatures;
import dev.tributary.pipeline.lake.FileBatch;
import dev.tributary.pipeline.lake.GatherRows;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.PartitionCoder;
import dev.tributary.pipeline.lake.WriteFiles;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.TupleTagList;
import org.joda.time.Duration;

/**
 * From the bus to the lake and to feature rows.
 *
 * <p>messages → parse → deduplicate → rows: gather by folder → write when checkpointed; dead
 * letters: write; events: windows → feature rows (the output).
 *
 * <p>All of it runs in the global window: nothing is ever dropped for being late.
 */
public final class StreamingPipeline
    extends PTransform<PCollection<BusMessage>, PCollection<OutgoingMessage>> {
  private static final long serialVersionUID = 1L;

  private final CompiledInputs inputs;
  private final String lake;
  private final String piiKeysFile;
  private final Duration flushInterval;
  private final long maxFileBytes;
  private final Duration dedupeTimeToLive;

  public StreamingPipeline(CompiledInputs inputs, TributaryOptions options) {
    this.inputs = inputs;
    this.lake = options.getLake();
    this.piiKeysFile = options.getPiiKeysFile();
    this.flushInterval = Duration.standardSeconds(options.getFlushSeconds());
    this.maxFileBytes = options.getMaxFileBytes();
    this.dedupeTimeToLive = Duration.standardHours(options.getDedupeTtlHours());
  }

  @Override
  public PCollection<OutgoingMessage> expand(PCollection<BusMessage> messages) {
    PCollectionTuple unique =
        messages
            .apply(
                "Parse",
                ParDo.of(new ParseMessages(inputs.contracts(), inputs.features(), piiKeysFile)))
            .setCoder(KvCoder.of(VarIntCoder.of(), new Arrival.Coder()))
            .apply(
                "Deduplicate",
                ParDo.of(new Deduplicate(dedupeTimeToLive))
                    .withOutputTags(
                        Deduplicate.ROWS,
                        TupleTagList.of(Deduplicate.LETTERS).and(Deduplicate.EVENTS)));

    unique
        .get(Deduplicate.ROWS)
        .setCoder(KvCoder.of(new PartitionCoder(), new LakeRow.Coder()))
        .apply("Gather", ParDo.of(new GatherRows(flushInterval, maxFileBytes)))
        .setCoder(new FileBatch.Coder())
        .apply("WriteFiles", ParDo.of(new WriteFiles.Stable(lake, inputs.contracts())));

    unique
        .get(Deduplicate.LETTERS)
        .setCoder(new DeadLetter.Coder())
        .apply("WriteDeadLetters", ParDo.of(new WriteDeadLetters(lake)));

    return unique
        .get(Deduplicate.EVENTS)
        .setCoder(KvCoder.of(StringUtf8Coder.of(), new FeatureEvent.Coder()))
        .apply("Windows", ParDo.of(new WindowedFeatures(inputs.features())))
        .setCoder(new OutgoingMessage.Coder());
  }
}
