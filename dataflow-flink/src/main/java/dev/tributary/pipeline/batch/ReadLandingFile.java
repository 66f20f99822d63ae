package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.StrictJson;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.TupleTag;

/**
 * Reads one file line by line: each line becomes a row, its PII replaced, or a dead letter that
 * says which line and why.
 */
public final class ReadLandingFile extends DoFn<LandingFile, KV<FileKey, LakeRow>> {
  private static final long serialVersionUID = 1L;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int BYTE_ORDER_MARK = '\uFEFF';

  public static final TupleTag<KV<FileKey, LakeRow>> ROWS = new TupleTag<>() {};
  public static final TupleTag<DeadLetter> LETTERS = new TupleTag<>() {};

  private final Contract contract;
  private final String piiKeysFile;
  private transient Protection protection;

  public ReadLandingFile(Contract contract, String piiKeysFile) {
    this.contract = contract;
    this.piiKeysFile = piiKeysFile;
  }

  @ProcessElement
  public void process(@Element LandingFile file, MultiOutputReceiver output) throws IOException {
    if (protection == null) {
      protection = new Protection(PiiKeys.load(piiKeysFile));
    }
    ClearRows rows = new ClearRows(contract, file, protection);
    try (InputStream in = file.open()) {
      LineReader lines = new LineReader(in);
      switch (file.format()) {
        case CSV -> readCsv(file, rows, new CsvRecords(lines), output);
        case NDJSON -> readJson(file, rows, lines, output);
      }
    }
  }

  private void readCsv(
      LandingFile file, ClearRows rows, CsvRecords records, MultiOutputReceiver output)
      throws IOException {
    CsvRecords.Raw first = records.next();
    if (first == null) {
      return;
    }
    List<String> header;
    try {
      header = withoutByteOrderMark(CsvRecords.cells(first));
      rows.checkHeader(header);
    } catch (Refusal refusal) {
      // Without its header no line has a meaning: one letter for the file, not one for each line.
      refuse(file, first.line(), first.bytes(), noLineRead(refusal), output);
      return;
    }
    for (CsvRecords.Raw raw = records.next(); raw != null; raw = records.next()) {
      try {
        emit(file, rows.fromCells(raw.line(), header, CsvRecords.cells(raw)), output);
      } catch (Refusal refusal) {
        refuse(file, raw.line(), raw.bytes(), refusal, output);
      }
    }
  }

  private void readJson(
      LandingFile file, ClearRows rows, LineReader lines, MultiOutputReceiver output)
      throws IOException {
    for (LineReader.Line line = lines.next(); line != null; line = lines.next()) {
      if (line.bytes().length == 0) {
        continue;
      }
      try {
        emit(
            file,
            rows.fromJson(line.number(), StrictJson.readObject(line.bytes(), "line")),
            output);
      } catch (Refusal refusal) {
        refuse(file, line.number(), line.bytes(), refusal, output);
      }
    }
  }

  private void emit(LandingFile file, ClearRows.Dated dated, MultiOutputReceiver output) {
    FileKey key =
        FileKey.of(
            Partition.of(Table.PROCESSED, file.stream(), dated.eventTime()),
            dated.row().sequence());
    output.get(ROWS).output(KV.of(key, dated.row()));
  }

  /** A line that cannot be read is BAD_LINE; a line that can, but breaks the contract, says so. */
  private void refuse(
      LandingFile file, long line, byte[] bytes, Refusal refusal, MultiOutputReceiver output) {
    ObjectNode source = JSON.createObjectNode();
    source.put("uri", file.uri());
    source.put("generation", file.generation());
    source.put("line", line);
    Refusal said =
        refusal.reason() == Reason.UNREADABLE
            ? new Refusal(Reason.BAD_LINE, refusal.field(), refusal.getMessage())
            : refusal;
    output
        .get(LETTERS)
        .output(
            DeadLetter.of(
                null,
                file.stream(),
                "landing",
                said,
                source,
                file.objectTime(),
                protection.seal(bytes)));
  }

  private static Refusal noLineRead(Refusal refusal) {
    return new Refusal(
        refusal.reason(), refusal.field(), refusal.getMessage() + " No line of the file was read.");
  }

  private static List<String> withoutByteOrderMark(List<String> header) {
    List<String> clean = new ArrayList<>(header);
    String first = clean.get(0);
    if (!first.isEmpty() && first.charAt(0) == BYTE_ORDER_MARK) {
      clean.set(0, first.substring(1));
    }
    return clean;
  }
}
