package dev.tributary.pipeline.warehouse;

import com.google.api.services.bigquery.model.Clustering;
import com.google.api.services.bigquery.model.TableRow;
import com.google.api.services.bigquery.model.TableSchema;
import com.google.api.services.bigquery.model.TimePartitioning;
import dev.tributary.pipeline.change.LiveInputs;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.lake.Table;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.io.gcp.bigquery.DynamicDestinations;
import org.apache.beam.sdk.io.gcp.bigquery.TableDestination;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.ValueInSingleWindow;

/** One table a stream, made where it is missing, in the form that {@code staging} has. */
final class StreamTables extends DynamicDestinations<KV<String, TableRow>, String> {
  private static final long serialVersionUID = 1L;

  /** https://cloud.google.com/bigquery/docs/clustered-tables#limitations. */
  private static final int MAX_CLUSTERING_COLUMNS = 4;

  private final WarehouseDataset dataset;
  private final LiveInputs inputs;

  StreamTables(WarehouseDataset dataset, LiveInputs inputs) {
    this.dataset = dataset;
    this.inputs = inputs;
  }

  @Override
  public String getDestination(ValueInSingleWindow<KV<String, TableRow>> element) {
    return element.getValue().getKey();
  }

  @Override
  public Coder<String> getDestinationCoder() {
    return StringUtf8Coder.of();
  }

  @Override
  public TableDestination getTable(String stream) {
    List<String> key = contract(stream).primaryKey();
    return new TableDestination(
        dataset.table(stream),
        null,
        new TimePartitioning().setType("DAY").setField("_event_time"),
        new Clustering().setFields(key.subList(0, Math.min(key.size(), MAX_CLUSTERING_COLUMNS))));
  }

  @Override
  public TableSchema getSchema(String stream) {
    return TableRows.schema(Table.processed(contract(stream)));
  }

  private Contract contract(String stream) {
    // A worker may learn of a new contract some seconds after the one that read the row by it; the
    // bundle is then tried again.
    return inputs.current().contracts().stream(stream)
        .orElseThrow(() -> new IllegalStateException("no contract has stream " + stream + " yet"));
  }
}
