package dev.tributary.pipeline.erasure;

import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.ObjectStore;
import dev.tributary.pipeline.lake.ParquetEncoder;
import dev.tributary.pipeline.lake.ParquetRows;
import dev.tributary.pipeline.lake.StoredObject;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Seals;
import dev.tributary.pipeline.rewrite.RewriteStore;
import dev.tributary.pipeline.rewrite.RewriteStore.Content;
import dev.tributary.pipeline.rewrite.RewriteStore.Kind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/**
 * Looks for a person's rows in one file, and stages the file without them. A file that has none is
 * only read. The output is counts by name, as the report has them.
 */
final class EraseFile extends DoFn<StoredObject, KV<String, Long>> {
  private static final long serialVersionUID = 1L;

  private final String root;
  private final String request;
  private final Contracts contracts;
  private final String piiKeysFile;
  private final String run;
  private final boolean countOnly;
  private transient ObjectStore store;
  private transient SubjectRows subject;

  EraseFile(
      String root,
      String request,
      Contracts contracts,
      String piiKeysFile,
      String run,
      boolean countOnly) {
    this.root = root;
    this.request = request;
    this.contracts = contracts;
    this.piiKeysFile = piiKeysFile;
    this.run = run;
    this.countOnly = countOnly;
  }

  @StartBundle
  public void startBundle(PipelineOptions options) throws IOException {
    if (subject == null) {
      store = ObjectStore.open(root, options);
      Seals seals = new Seals(PiiKeys.loadAll(piiKeysFile));
      subject =
          new SubjectRows(EraseRequest.parse(seals.open(store.get(request))), contracts, seals);
    }
  }

  @ProcessElement
  public void process(@Element StoredObject file, OutputReceiver<KV<String, Long>> output)
      throws IOException {
    byte[] bytes;
    try {
      bytes = store.get(file.path());
    } catch (FileNotFoundException e) {
      // Quarantined or rewritten since it was listed; whoever started the run looks again.
      output.output(KV.of("missed", 1L));
      return;
    }
    String layer = file.path().substring(0, file.path().indexOf('/'));
    String stream = file.path().split("/")[1];
    List<LakeRow> kept = new ArrayList<>();
    long found = 0;
    try (ParquetRows rows = ParquetRows.open(bytes)) {
      List<Column> columns = rows.columns();
      for (Object[] row = rows.next(); row != null; row = rows.next()) {
        boolean theirs =
            layer.equals("raw")
                ? subject.ownsRaw(columns, row)
                : subject.ownsProcessed(stream, columns, row);
        if (theirs) {
          found++;
        } else {
          kept.add(new LakeRow("", 0, row));
        }
      }
      output.output(KV.of(layer + "_files", 1L));
      if (found == 0) {
        return;
      }
      output.output(KV.of(layer + "_rows_found", found));
      output.output(KV.of(layer + "_files_found", 1L));
      if (!countOnly) {
        new RewriteStore(store, run)
            .stage(
                Kind.ERASURE,
                file.folder(),
                List.of(file),
                new Content(ParquetEncoder.encode(columns, kept), kept.size()),
                null);
      }
    }
  }
}
