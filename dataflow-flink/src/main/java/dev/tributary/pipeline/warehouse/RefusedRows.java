package dev.tributary.pipeline.warehouse;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.api.services.bigquery.model.TableRow;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.contract.Timestamps;
import dev.tributary.pipeline.deadletter.DeadLetter;
import org.apache.beam.sdk.io.gcp.bigquery.BigQueryStorageApiInsertError;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** Rows that BigQuery does not take, as dead letters. The same rows are in the lake's files. */
final class RefusedRows extends DoFn<BigQueryStorageApiInsertError, DeadLetter> {
  private static final long serialVersionUID = 1L;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String STREAM = "stream";
  private static final String ROW = "row";

  /** BigQuery's reasons may go on for pages. */
  private static final int MAX_REASON = 1_000;

  private final WarehouseDataset dataset;

  RefusedRows(WarehouseDataset dataset) {
    this.dataset = dataset;
  }

  /** What Beam hands over of a row that failed: it does not say the table by itself. */
  static TableRow labelled(KV<String, TableRow> row) {
    return new TableRow().set(STREAM, row.getKey()).set(ROW, row.getValue());
  }

  @ProcessElement
  public void process(
      @Element BigQueryStorageApiInsertError error, OutputReceiver<DeadLetter> output)
      throws JsonProcessingException {
    ObjectNode labelled = JSON.valueToTree(error.getRow());
    String stream = labelled.required(STREAM).textValue();
    ObjectNode row = (ObjectNode) labelled.required(ROW);
    ObjectNode source = JSON.createObjectNode();
    source.put("dataset", dataset.toString());
    source.put("table", stream);
    String reason = String.valueOf(error.getErrorMessage());
    output.output(
        DeadLetter.plain(
            row.required("_event_id").textValue(),
            stream,
            "load",
            new Refusal(
                Reason.UNREPRESENTABLE,
                null,
                "BigQuery did not take the row: "
                    + reason.substring(0, Math.min(reason.length(), MAX_REASON))),
            source,
            Timestamps.parse(row.required("_source_time").textValue()),
            JSON.writeValueAsString(row)));
  }
}
