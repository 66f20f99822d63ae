package dev.tributary.pipeline;

import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.bus.OutgoingMessage;
import dev.tributary.pipeline.change.Deduplicate;
import dev.tributary.pipeline.change.LiveInputs;
import dev.tributary.pipeline.change.ParseMessages;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.deadletter.WriteDeadLetters;
import dev.tributary.pipeline.enrich.LookUp;
import dev.tributary.pipeline.feature.WindowedFeatures;
import dev.tributary.pipeline.lake.EncodeSegments;
import dev.tributary.pipeline.lake.FileGroup;
import dev.tributary.pipeline.lake.GatherSegments;
import dev.tributary.pipeline.lake.LakeFile;
import dev.tributary.pipeline.lake.Segment;
import dev.tributary.pipeline.lake.WriteSegments;
import dev.tributary.pipeline.warehouse.WarehouseDataset;
import dev.tributary.pipeline.warehouse.WriteWarehouse;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.TupleTagList;
import org.joda.time.Duration;

/**
 * From the bus to the lake and to feature rows.
 *
 * <p>messages → parse → deduplicate → rows: encode → gather by folder → write when checkpointed;
 * rows that look something up: wait for it first; dead letters: write; events: windows → feature
 * rows (the output). Where a dataset is given, processed rows go there as well.
 *
 * <p>All of it runs in the global window: no row is ever dropped for being late. Between parsing
 * and files rows are packed bytes, many in one element.
 */
public final class StreamingPipeline
    extends PTransform<PCollection<BusMessage>, PCollection<OutgoingMessage>> {
  private static final long serialVersionUID = 1L;
  private static final Coder<KV<Integer, byte[]>> KEYED_BATCH =
      KvCoder.of(VarIntCoder.of(), ByteArrayCoder.of());
  private static final Coder<KV<FileGroup, Segment>> SEGMENT =
      KvCoder.of(new FileGroup.Coder(), new Segment.Coder());

  private final LiveInputs inputs;
  private final String lake;
  private final String piiKeysFile;
  private final Duration flushInterval;
  private final long maxFileBytes;
  private final Duration dedupeTimeToLive;
  private final Duration entityMemory;
  private final WarehouseDataset warehouse;

  public StreamingPipeline(LiveInputs inputs, TributaryOptions options) {
    this.inputs = inputs;
    this.lake = options.getLake();
    this.piiKeysFile = options.getPiiKeysFile();
    this.flushInterval = Duration.standardSeconds(options.getFlushSeconds());
    this.maxFileBytes = options.getMaxFileBytes();
    this.dedupeTimeToLive = Duration.standardHours(options.getDedupeTtlHours());
    this.entityMemory = Duration.standardDays(options.getEntityMemoryDays());
    this.warehouse =
        options.getBigqueryDataset() == null
            ? null
            : WarehouseDataset.parse(options.getBigqueryDataset());
  }

  @Override
  public PCollection<OutgoingMessage> expand(PCollection<BusMessage> messages) {
    PCollectionTuple unique =
        messages
            .apply("Parse", ParDo.of(new ParseMessages(inputs, lake, piiKeysFile)))
            .setCoder(KEYED_BATCH)
            .apply(
                "Deduplicate",
                ParDo.of(new Deduplicate(dedupeTimeToLive))
                    .withOutputTags(
                        Deduplicate.ROWS,
                        TupleTagList.of(Deduplicate.LOOKUPS)
                            .and(Deduplicate.EVENTS)
                            .and(Deduplicate.LETTERS)));
    PCollection<byte[]> rows = unique.get(Deduplicate.ROWS).setCoder(ByteArrayCoder.of());
    PCollection<byte[]> lookedUp =
        unique
            .get(Deduplicate.LOOKUPS)
            .setCoder(KEYED_BATCH)
            .apply("LookUp", ParDo.of(new LookUp(inputs)))
            .setCoder(ByteArrayCoder.of());

    // Two encoders, each where its rows are: rows are large, segments are small.
    PCollectionList.of(encode("Encode", rows))
        .and(encode("EncodeLookedUp", lookedUp))
        .apply("Segments", Flatten.pCollections())
        .apply("Gather", ParDo.of(new GatherSegments(flushInterval, maxFileBytes)))
        .setCoder(new LakeFile.Coder())
        .apply("WriteFiles", ParDo.of(new WriteSegments(lake, inputs.initial().contracts())));

    PCollectionTuple features =
        unique
            .get(Deduplicate.EVENTS)
            .setCoder(KEYED_BATCH)
            .apply(
                "Windows",
                ParDo.of(new WindowedFeatures(inputs.initial().features(), entityMemory))
                    .withOutputTags(
                        WindowedFeatures.ROWS, TupleTagList.of(WindowedFeatures.LETTERS)));

    PCollectionList<DeadLetter> letters =
        PCollectionList.of(unique.get(Deduplicate.LETTERS).setCoder(new DeadLetter.Coder()))
            .and(features.get(WindowedFeatures.LETTERS).setCoder(new DeadLetter.Coder()));
    if (warehouse != null) {
      letters =
          letters.and(
              PCollectionList.of(rows)
                  .and(lookedUp)
                  .apply("ProcessedRows", Flatten.pCollections())
                  .apply("Warehouse", new WriteWarehouse(warehouse, inputs, lake)));
    }
    letters
        .apply("Letters", Flatten.pCollections())
        .apply("WriteDeadLetters", ParDo.of(new WriteDeadLetters(lake)));

    return features.get(WindowedFeatures.ROWS).setCoder(new OutgoingMessage.Coder());
  }

  private PCollection<KV<FileGroup, Segment>> encode(String name, PCollection<byte[]> rows) {
    return rows.apply(name, ParDo.of(new EncodeSegments(lake, inputs.initial().contracts())))
        .setCoder(SEGMENT);
  }
}
