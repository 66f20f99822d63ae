package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.erasure.ErasedSubjects;
import dev.tributary.pipeline.erasure.LiveErasures;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import java.io.IOException;
import java.util.Map;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.TupleTag;

/**
 * Reads one file row by row: each becomes a row of the lake, its PII replaced, or a dead letter
 * that says which line and why; and at the end one report.
 *
 * <p>A packed or typed file is read to its end once before the first row goes out: where it turns
 * out to be damaged, nothing of it may be in the lake, and rows that went out cannot be called
 * back. Text is what it is and is read once.
 */
final class ReadLandingFile extends DoFn<LandingFile, KV<FileKey, LakeRow>> {
  private static final long serialVersionUID = 1L;
  private static final ObjectMapper JSON = new ObjectMapper();

  static final TupleTag<KV<FileKey, LakeRow>> ROWS = new TupleTag<>() {};
  static final TupleTag<DeadLetter> LETTERS = new TupleTag<>() {};
  static final TupleTag<FileReport> REPORTS = new TupleTag<>() {};

  private final Contract contract;
  private final String piiKeysFile;
  private final LiveErasures erasures;
  private transient Protection protection;
  private transient Contracts contracts;

  /**
   * @param erasures followed from row to row
   */
  ReadLandingFile(Contract contract, LiveErasures erasures, String piiKeysFile) {
    this.contract = contract;
    this.piiKeysFile = piiKeysFile;
    this.erasures = erasures;
  }

  @ProcessElement
  public void process(
      @Element LandingFile file, PipelineOptions options, MultiOutputReceiver output)
      throws IOException {
    if (protection == null) {
      protection = new Protection(PiiKeys.load(piiKeysFile));
      contracts = new Contracts(Map.of(contract.stream(), contract));
    }
    ClearRows rows = new ClearRows(contract, file, protection);
    FileReport report;
    try {
      if (file.hasChecks()) {
        readThrough(file, rows);
      }
      report = read(file, rows, options, output);
    } catch (FileRefusal refusal) {
      report =
          new FileReport(
              file.uri(),
              file.generation(),
              0,
              0,
              refusal.code().name(),
              refusal.getMessage() + " No row of the file was taken.");
    }
    output.get(REPORTS).output(report);
  }

  private static void readThrough(LandingFile file, ClearRows rows)
      throws IOException, FileRefusal {
    try (RowSource source = open(file, rows)) {
      while (source.next() != null) {
        // Reading is the check.
      }
    }
  }

  private FileReport read(
      LandingFile file, ClearRows rows, PipelineOptions options, MultiOutputReceiver output)
      throws IOException, FileRefusal {
    long taken = 0;
    long refused = 0;
    try (RowSource source = open(file, rows)) {
      for (RowSource.Entry entry = source.next(); entry != null; entry = source.next()) {
        try {
          SourceRow row = entry.row();
          // Asked for every row: a large file takes longer than an erasure waits.
          if (isErased(row, rows, erasures.current(contracts, options))) {
            continue;
          }
          ClearRows.Dated dated = rows.row(row);
          FileKey key =
              FileKey.of(
                  Partition.of(Table.PROCESSED, file.stream(), dated.eventTime()), entry.line());
          output.get(ROWS).output(KV.of(key, dated.row()));
          taken++;
        } catch (Refusal refusal) {
          output.get(LETTERS).output(letter(file, entry, refusal));
          refused++;
        }
      }
    }
    return new FileReport(file.uri(), file.generation(), taken, refused, null, null);
  }

  /** A line of somebody who was erased leads to no row, and to no letter. */
  private boolean isErased(SourceRow row, ClearRows rows, ErasedSubjects erased) {
    return contract
        .subject()
        .map(field -> erased.concern(field.subject(), rows.read(field, row)))
        .orElse(false);
  }

  private static RowSource open(LandingFile file, ClearRows rows) throws IOException, FileRefusal {
    StoredObject object = StoredObject.open(file.uri());
    try {
      RowSource source =
          switch (file.format()) {
            case CSV -> new CsvRows(object, file);
            case NDJSON -> new JsonRows(object, file);
            case PARQUET -> new ParquetRows(object, rows.rules());
          };
      if (source.columns() != null) {
        rows.checkColumns(source.columns());
      }
      return source;
    } catch (IOException | FileRefusal | RuntimeException e) {
      object.close();
      throw e;
    }
  }

  private DeadLetter letter(LandingFile file, RowSource.Entry entry, Refusal refusal) {
    ObjectNode source = JSON.createObjectNode();
    source.put("uri", file.uri());
    source.put("generation", file.generation());
    source.put("line", entry.line());
    return DeadLetter.of(
        null,
        file.stream(),
        "landing",
        refusal,
        source,
        file.objectTime(),
        protection.seal(entry.bytes()));
  }
}
