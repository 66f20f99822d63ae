package dev.tributary.pipeline.backfill;

import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.ObjectStore;
import dev.tributary.pipeline.lake.ParquetEncoder;
import dev.tributary.pipeline.lake.ParquetRows;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.rewrite.RewriteStore;
import dev.tributary.pipeline.rewrite.RewriteStore.Content;
import dev.tributary.pipeline.rewrite.RewriteStore.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/**
 * Stages one file: a new one of missing rows, or an old one with some of its rows replaced.
 *
 * <p>The file keeps its other rows, whatever time or file they came from, and their order.
 */
final class StageFile extends DoFn<KV<Target, Iterable<LakeRow>>, KV<String, Long>> {
  private static final long serialVersionUID = 1L;

  private final String root;
  private final Contract contract;
  private final String run;
  private transient ObjectStore store;

  StageFile(String root, Contract contract, String run) {
    this.root = root;
    this.contract = contract;
    this.run = run;
  }

  @StartBundle
  public void startBundle(PipelineOptions options) {
    if (store == null) {
      store = ObjectStore.open(root, options);
    }
  }

  @ProcessElement
  public void process(
      @Element KV<Target, Iterable<LakeRow>> file, OutputReceiver<KV<String, Long>> output)
      throws IOException {
    Target target = file.getKey();
    TreeMap<String, LakeRow> recreated = new TreeMap<>();
    file.getValue().forEach(row -> recreated.put(row.id(), row));
    List<Column> columns = Table.processed(contract);
    Content rows =
        new Content(ParquetEncoder.encode(columns, recreated.values()), recreated.size());
    RewriteStore rewrites = new RewriteStore(store, run);
    String folder = target.partition().folder();
    if (target.replaced() == null) {
      rewrites.stage(Kind.BACKFILL, folder, List.of(), rows, rows);
      output.output(KV.of("added", rows.rows()));
    } else {
      rewrites.stage(
          Kind.BACKFILL, folder, List.of(target.input()), rewritten(target, recreated), rows);
      output.output(KV.of("replaced", rows.rows()));
    }
    output.output(KV.of("staged", 1L));
  }

  private Content rewritten(Target target, TreeMap<String, LakeRow> recreated) throws IOException {
    try (ParquetRows old = ParquetRows.open(store.get(target.replaced()))) {
      ColumnFit fit = new ColumnFit(Table.processed(contract), old.columns());
      List<LakeRow> rows = new ArrayList<>();
      for (Object[] row = old.next(); row != null; row = old.next()) {
        Object[] fitted = fit.fit(row);
        String id = (String) fitted[0];
        LakeRow better = recreated.get(id);
        rows.add(
            new LakeRow(id, 0, better == null ? fitted : fit.replaced(better.values(), fitted)));
      }
      return new Content(ParquetEncoder.encode(fit.columns(), rows), rows.size());
    }
  }
}
