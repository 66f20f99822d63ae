package dev.tributary.pipeline.backfill;

import dev.tributary.pipeline.CompiledInputs;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.change.Arrival;
import dev.tributary.pipeline.change.MessageReader;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.erasure.ErasedSubjects;
import dev.tributary.pipeline.erasure.LiveErasures;
import dev.tributary.pipeline.feature.FeatureGroups;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.ObjectStore;
import dev.tributary.pipeline.lake.ParquetRows;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import dev.tributary.pipeline.pii.Seals;
import java.io.IOException;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.TupleTag;

/**
 * Reads a raw file's messages of the range again, as the stream would today, and gives the rows of
 * one stream.
 *
 * <p>What is refused again leads to the same dead letter, whose object is there already; what is
 * refused for the first time leads to a new one, and its old row stays.
 */
final class ReadRaw extends DoFn<String, KV<RowKey, LakeRow>> {
  private static final long serialVersionUID = 1L;

  static final TupleTag<KV<RowKey, LakeRow>> ROWS = new TupleTag<>() {};
  static final TupleTag<DeadLetter> LETTERS = new TupleTag<>() {};
  static final TupleTag<KV<String, Long>> TALLY = new TupleTag<>() {};

  private final String root;
  private final String stream;
  private final TimeRange range;
  private final Contracts contracts;
  private final FeatureGroups features;
  private final String piiKeysFile;
  private final LiveErasures erasures;
  private transient ObjectStore store;
  private transient MessageReader reader;
  private transient Seals seals;

  ReadRaw(String root, String stream, TimeRange range, CompiledInputs inputs, String piiKeysFile) {
    this.root = root;
    this.stream = stream;
    this.range = range;
    this.contracts = inputs.contracts();
    this.features = inputs.features();
    this.piiKeysFile = piiKeysFile;
    this.erasures = new LiveErasures(root, piiKeysFile);
  }

  @StartBundle
  public void startBundle(PipelineOptions options) {
    if (store == null) {
      store = ObjectStore.open(root, options);
      reader = new MessageReader(contracts, features, new Protection(PiiKeys.load(piiKeysFile)));
      seals = new Seals(PiiKeys.loadAll(piiKeysFile));
    }
  }

  @ProcessElement
  public void process(@Element String path, PipelineOptions options, MultiOutputReceiver output)
      throws IOException {
    ErasedSubjects erased = erasures.current(contracts, options);
    boolean ofStream = path.startsWith("raw/" + stream + "/");
    long read = 0;
    long recreated = 0;
    long refused = 0;
    try (ParquetRows rows = ParquetRows.open(store.get(path))) {
      RawMessages messages = new RawMessages(rows, seals);
      for (Object[] row = rows.next(); row != null; row = rows.next()) {
        if (!range.contains(messages.publishedAt(row))) {
          continue;
        }
        BusMessage message = messages.message(row);
        if (erased.concern(message)) {
          // Somebody was erased since this file was listed, or is being erased.
          continue;
        }
        Arrival arrival = reader.read(message);
        read++;
        for (Arrival.Filed filed : arrival.rows()) {
          if (filed.partition().table().equals(Table.PROCESSED)
              && filed.partition().stream().equals(stream)) {
            output
                .get(ROWS)
                .output(KV.of(new RowKey(filed.partition(), filed.row().id()), filed.row()));
            recreated++;
          }
        }
        // Of other streams' messages, and of those that no stream owns, this backfill says nothing.
        if (arrival.letter() != null && ofStream) {
          if (!messages.isNamedByLostPlace(row)) {
            output.get(LETTERS).output(arrival.letter());
          }
          refused++;
        }
      }
    }
    output.get(TALLY).output(KV.of("files", 1L));
    output.get(TALLY).output(KV.of("messages", read));
    output.get(TALLY).output(KV.of("rows", recreated));
    output.get(TALLY).output(KV.of("refused", refused));
  }
}
