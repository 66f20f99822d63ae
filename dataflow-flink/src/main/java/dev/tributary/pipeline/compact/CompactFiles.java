package dev.tributary.pipeline.compact;

import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.ObjectStore;
import dev.tributary.pipeline.lake.ParquetEncoder;
import dev.tributary.pipeline.lake.ParquetRows;
import dev.tributary.pipeline.lake.StoredObject;
import dev.tributary.pipeline.rewrite.RewriteStore;
import dev.tributary.pipeline.rewrite.RewriteStore.Content;
import dev.tributary.pipeline.rewrite.RewriteStore.Kind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;

/**
 * Merges the files of a folder and stages the result.
 *
 * <p>Only files of the same columns are merged: a column that today's contract does not have any
 * more is data still.
 */
final class CompactFiles extends DoFn<FolderFiles, String> {
  private static final long serialVersionUID = 1L;

  private final String root;
  private final String run;
  private transient ObjectStore store;

  CompactFiles(String root, String run) {
    this.root = root;
    this.run = run;
  }

  /** A file's name and bytes. */
  private record Input(StoredObject object, byte[] bytes) {}

  @StartBundle
  public void startBundle(PipelineOptions options) {
    if (store == null) {
      store = ObjectStore.open(root, options);
    }
  }

  @ProcessElement
  public void process(@Element FolderFiles folder, OutputReceiver<String> output)
      throws IOException {
    Map<List<Column>, List<Input>> alike = new LinkedHashMap<>();
    for (StoredObject file : folder.files()) {
      byte[] bytes;
      try {
        bytes = store.get(file.path());
      } catch (FileNotFoundException e) {
        // Quarantined or rewritten since it was listed.
        continue;
      }
      try (ParquetRows rows = ParquetRows.open(bytes)) {
        alike
            .computeIfAbsent(rows.columns(), columns -> new ArrayList<>())
            .add(new Input(file, bytes));
      }
    }
    RewriteStore rewrites = new RewriteStore(store, run);
    for (Map.Entry<List<Column>, List<Input>> group : alike.entrySet()) {
      List<Input> inputs = group.getValue();
      if (inputs.size() > 1) {
        MergedRows rows =
            new MergedRows(group.getKey(), inputs.stream().map(Input::bytes).toList());
        byte[] merged = ParquetEncoder.encode(group.getKey(), rows);
        output.output(
            rewrites.stage(
                Kind.COMPACTION,
                folder.folder(),
                inputs.stream().map(Input::object).toList(),
                new Content(merged, rows.written()),
                null));
      }
    }
  }
}
