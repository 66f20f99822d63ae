package dev.tributary.pipeline.batch;

import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.deadletter.WriteDeadLetters;
import dev.tributary.pipeline.erasure.LiveErasures;
import dev.tributary.pipeline.lake.FileBatch;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.WriteFiles;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.SerializableCoder;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.PDone;
import org.apache.beam.sdk.values.TupleTagList;

/**
 * From one landing object to the lake. A second run of the same generation replaces every file with
 * the same, so it adds nothing.
 *
 * <p>A file that cannot be taken at all ends the job well where a report was asked for, and says
 * why there: to fail would only be tried again. Without a report the job fails.
 */
public final class BatchPipeline extends PTransform<PBegin, PDone> {
  private static final long serialVersionUID = 1L;

  private final LandingFile file;
  private final Contracts contracts;
  private final String lake;
  private final String piiKeysFile;
  private final String report;

  /**
   * @param report where beneath the lake's root what became of the file is written, or null
   */
  public BatchPipeline(
      LandingFile file, Contracts contracts, String lake, String piiKeysFile, String report) {
    this.file = file;
    this.contracts = contracts;
    this.lake = lake;
    this.piiKeysFile = piiKeysFile;
    this.report = report;
  }

  @Override
  public PDone expand(PBegin input) {
    Contract contract = contracts.stream(file.stream()).orElseThrow();
    PCollectionTuple read =
        input
            .apply("File", Create.of(file).withCoder(SerializableCoder.of(LandingFile.class)))
            .apply(
                "Read",
                ParDo.of(
                        new ReadLandingFile(
                            contract, new LiveErasures(lake, piiKeysFile), piiKeysFile))
                    .withOutputTags(
                        ReadLandingFile.ROWS,
                        TupleTagList.of(ReadLandingFile.LETTERS).and(ReadLandingFile.REPORTS)));
    read.get(ReadLandingFile.ROWS)
        .setCoder(KvCoder.of(new FileKey.Coder(), new LakeRow.Coder()))
        .apply("Group", GroupByKey.create())
        .apply("Batch", ParDo.of(new ToBatch(file)))
        .setCoder(new FileBatch.Coder())
        .apply("WriteFiles", ParDo.of(new WriteFiles(lake, contracts)));
    read.get(ReadLandingFile.LETTERS)
        .setCoder(new DeadLetter.Coder())
        .apply("WriteDeadLetters", ParDo.of(new WriteDeadLetters(lake)));
    read.get(ReadLandingFile.REPORTS)
        .setCoder(SerializableCoder.of(FileReport.class))
        .apply(
            "Report",
            ParDo.of(report == null ? new FailOnRefusal() : new WriteReport(lake, report)));
    return PDone.in(input.getPipeline());
  }

  /** For a job whose end is all that anybody sees. */
  private static final class FailOnRefusal extends DoFn<FileReport, Void> {
    private static final long serialVersionUID = 1L;

    @ProcessElement
    public void process(@Element FileReport report) {
      if (report.code() != null) {
        throw new IllegalStateException(report.code() + ": " + report.message());
      }
    }
  }

  private static final class ToBatch extends DoFn<KV<FileKey, Iterable<LakeRow>>, FileBatch> {
    private static final long serialVersionUID = 1L;

    private final LandingFile file;

    ToBatch(LandingFile file) {
      this.file = file;
    }

    @ProcessElement
    public void process(
        @Element KV<FileKey, Iterable<LakeRow>> group, OutputReceiver<FileBatch> output) {
      List<LakeRow> rows = new ArrayList<>();
      group.getValue().forEach(rows::add);
      rows.sort(Comparator.comparingLong(LakeRow::sequence));
      FileKey key = group.getKey();
      // Not from the rows: were a line judged otherwise by a newer contract, the run must still
      // replace this file.
      String name =
          new Digest()
              .add(file.uri())
              .add(Long.toString(file.generation()))
              .add(key.partition().folder())
              .add(Long.toString(key.block()))
              .hex();
      output.output(new FileBatch(key.partition(), "part-" + name + ".parquet", rows));
    }
  }
}
