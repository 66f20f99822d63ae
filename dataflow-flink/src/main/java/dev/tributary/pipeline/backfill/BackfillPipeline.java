package dev.tributary.pipeline.backfill;

import dev.tributary.pipeline.CompiledInputs;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.deadletter.WriteDeadLetters;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.PartitionCoder;
import dev.tributary.pipeline.lake.StoredObject;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.rewrite.WriteReport;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.SerializableCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.Distinct;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.Keys;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.transforms.View;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.transforms.join.CoGroupByKey;
import org.apache.beam.sdk.transforms.join.KeyedPCollectionTuple;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.PCollectionView;
import org.apache.beam.sdk.values.PDone;
import org.apache.beam.sdk.values.TupleTagList;
import org.apache.beam.sdk.values.TypeDescriptor;
import org.joda.time.Duration;
import org.joda.time.Instant;

/**
 * Re-creates the processed rows of one stream from the raw messages of a time range.
 *
 * <p>raw messages → read as the stream reads them → look-ups → compare with what {@code processed/}
 * holds, event by event → rows that differ replace the old ones in a copy of their file, rows that
 * are missing make a new file → {@link dev.tributary.pipeline.rewrite} puts them in place.
 *
 * <p>The range is of publish times, by which raw is partitioned; rows go to the folders of their
 * event times, whichever these are. Only rows that differ are written, so a second run, or one over
 * what the stream wrote itself, changes nothing. Rows of other times, of batch files (which have no
 * raw message), and rows whose message is refused today stay as they are: a backfill never shows
 * less than was there.
 *
 * <p>Rows are grouped by Beam's shuffle, not held; in memory are the rows of one file.
 */
public final class BackfillPipeline extends PTransform<PBegin, PDone> {
  private static final long serialVersionUID = 1L;

  /** Rows of one new file: 100,000 weigh about 100 MB in memory. */
  private static final int ROWS_PER_FILE = 100_000;

  private static final KvCoder<String, Long> TALLY =
      KvCoder.of(StringUtf8Coder.of(), VarLongCoder.of());

  private final CompiledInputs inputs;
  private final Contract contract;
  private final TimeRange range;
  private final String lake;
  private final String piiKeysFile;
  private final Duration settle;
  private final String run;

  /**
   * @param range of bus publish times
   * @param settle raw files younger than this are left out: the stream may not have written the
   *     processed rows of their messages yet
   * @param run names what is staged, and the report {@code
   *     rewrites/done/<stream>/<run>/report.json}
   */
  public BackfillPipeline(
      CompiledInputs inputs,
      Contract contract,
      TimeRange range,
      String lake,
      String piiKeysFile,
      Duration settle,
      String run) {
    this.inputs = inputs;
    this.contract = contract;
    this.range = range;
    this.lake = lake;
    this.piiKeysFile = piiKeysFile;
    this.settle = settle;
    this.run = run;
  }

  @Override
  public PDone expand(PBegin input) {
    // A stream that had no contract then lies under _unknown.
    PCollectionTuple read =
        read(input, "Raw", contract.stream(), range, Instant.now().minus(settle));
    read.get(ReadRaw.LETTERS)
        .setCoder(new DeadLetter.Coder())
        .apply("WriteDeadLetters", ParDo.of(new WriteDeadLetters(lake)));
    PCollection<KV<RowKey, LakeRow>> recreated = lookedUp(input, read.get(ReadRaw.ROWS));

    PCollection<KV<RowKey, StoredRow>> stored =
        recreated
            .apply("Keys", Keys.create())
            .apply(
                "Folders",
                MapElements.into(TypeDescriptor.of(Partition.class)).via(RowKey::partition))
            .setCoder(new PartitionCoder())
            .apply("Touched", Distinct.create())
            .apply("ListProcessed", ParDo.of(new ReadProcessed.ListFiles(lake)))
            .setCoder(KvCoder.of(new PartitionCoder(), SerializableCoder.of(StoredObject.class)))
            .apply("SpreadProcessed", Reshuffle.viaRandomKey())
            .apply("ReadProcessed", ParDo.of(new ReadProcessed(lake, contract)))
            .setCoder(KvCoder.of(new RowKey.Coder(), new StoredRow.Coder()));

    PCollectionTuple compared =
        KeyedPCollectionTuple.of(CompareRows.RECREATED, recreated)
            .and(CompareRows.STORED, stored)
            .apply("Join", CoGroupByKey.create())
            .apply(
                "Compare",
                ParDo.of(new CompareRows(contract))
                    .withOutputTags(CompareRows.DIFFERENT, TupleTagList.of(CompareRows.MISSING)));
    PCollection<KV<Target, LakeRow>> different =
        compared
            .get(CompareRows.DIFFERENT)
            .setCoder(KvCoder.of(new Target.Coder(), new LakeRow.Coder()));

    PCollection<KV<String, Long>> staged =
        PCollectionList.of(different)
            .and(
                inBlocks(
                    compared
                        .get(CompareRows.MISSING)
                        .setCoder(KvCoder.of(new PartitionCoder(), new LakeRow.Coder()))))
            .apply("ToWrite", Flatten.pCollections())
            .apply("ByFile", GroupByKey.create())
            .apply("Stage", ParDo.of(new StageFile(lake, contract, run)))
            .setCoder(TALLY);

    PCollectionList.of(staged)
        .and(read.get(ReadRaw.TALLY).setCoder(TALLY))
        .apply("Tallies", Flatten.pCollections())
        .apply("Sum", Sum.longsPerKey())
        .apply("Together", WithKeys.of(""))
        .setCoder(KvCoder.of(StringUtf8Coder.of(), TALLY))
        .apply("Whole", GroupByKey.create())
        .apply(
            "Report",
            ParDo.of(
                new WriteReport(
                    lake, "rewrites/done/%s/%s/report.json".formatted(contract.stream(), run))));
    return PDone.in(input.getPipeline());
  }

  /** The rows that the raw messages of a stream make today. */
  private PCollectionTuple read(
      PBegin input, String name, String stream, TimeRange times, Instant settledBefore) {
    PCollectionTuple read =
        input
            .apply(
                name + "Streams",
                Create.of(List.of(stream, Table.UNKNOWN_STREAM)).withCoder(StringUtf8Coder.of()))
            .apply(name + "List", ParDo.of(new ListRaw(lake, times, settledBefore.getMillis())))
            .apply(name + "Spread", Reshuffle.viaRandomKey())
            .apply(
                name + "Read",
                ParDo.of(new ReadRaw(lake, stream, times, inputs, piiKeysFile))
                    .withOutputTags(
                        ReadRaw.ROWS, TupleTagList.of(ReadRaw.LETTERS).and(ReadRaw.TALLY)));
    read.get(ReadRaw.ROWS).setCoder(KvCoder.of(new RowKey.Coder(), new LakeRow.Coder()));
    read.get(ReadRaw.LETTERS).setCoder(new DeadLetter.Coder());
    read.get(ReadRaw.TALLY).setCoder(TALLY);
    return read;
  }

  /** Rows with the fields that come from other streams filled in; one pass for each such stream. */
  private PCollection<KV<RowKey, LakeRow>> lookedUp(
      PBegin input, PCollection<KV<RowKey, LakeRow>> rows) {
    PCollection<KV<RowKey, LakeRow>> filled = rows;
    for (LookUp lookUp : LookUp.of(contract, inputs.contracts())) {
      // Versions of all time: which one held at a row's event time does not depend on when it came.
      PCollection<KV<RowKey, LakeRow>> versions =
          read(input, lookUp.name(), lookUp.stream(), TimeRange.ALWAYS, Instant.now())
              .get(ReadRaw.ROWS);
      filled = lookUp.fill(filled, versions);
    }
    return filled;
  }

  /** New files of bounded size whose rows are a function of all the rows to add. */
  private static PCollection<KV<Target, LakeRow>> inBlocks(
      PCollection<KV<Partition, LakeRow>> missing) {
    PCollectionView<Map<Partition, Long>> counts =
        missing.apply("CountMissing", Count.perKey()).apply("Counts", View.asMap());
    return missing
        .apply("Blocks", ParDo.of(new ToBlock(counts)).withSideInputs(counts))
        .setCoder(KvCoder.of(new Target.Coder(), new LakeRow.Coder()));
  }

  private static final class ToBlock extends DoFn<KV<Partition, LakeRow>, KV<Target, LakeRow>> {
    private static final long serialVersionUID = 1L;

    private final PCollectionView<Map<Partition, Long>> counts;

    ToBlock(PCollectionView<Map<Partition, Long>> counts) {
      this.counts = counts;
    }

    @ProcessElement
    public void process(ProcessContext context) {
      Partition partition = context.element().getKey();
      LakeRow row = context.element().getValue();
      long blocks = 1 + context.sideInput(counts).get(partition) / ROWS_PER_FILE;
      // Ids are hashes: their first digits share them out evenly.
      long share = Long.parseLong(row.id(), 0, 8, 16);
      context.output(KV.of(Target.fresh(partition, (int) (share * blocks >>> 32)), row));
    }
  }
}
