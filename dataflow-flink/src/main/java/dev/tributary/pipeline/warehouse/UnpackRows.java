package dev.tributary.pipeline.warehouse;

import com.google.api.services.bigquery.model.TableRow;
import dev.tributary.pipeline.change.LiveInputs;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.Schemas;
import dev.tributary.pipeline.packed.PackedRows;
import java.io.IOException;
import java.util.List;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** Processed rows with the stream they belong to; raw rows stay where they are. */
final class UnpackRows extends DoFn<byte[], KV<String, TableRow>> {
  private static final long serialVersionUID = 1L;

  private final LiveInputs inputs;
  private final String lake;
  private transient Schemas schemas;

  UnpackRows(LiveInputs inputs, String lake) {
    this.inputs = inputs;
    this.lake = lake;
  }

  @Setup
  public void setup() {
    schemas = new Schemas(lake, inputs.initial().contracts());
  }

  @ProcessElement
  public void process(@Element byte[] rows, OutputReceiver<KV<String, TableRow>> output)
      throws IOException {
    for (int at = 0; at < rows.length; at = PackedRows.next(rows, at)) {
      if (PackedRows.table(rows, at) == PackedRows.PROCESSED) {
        String stream = PackedRows.stream(rows, at);
        List<Column> columns = schemas.columns(stream, PackedRows.schema(rows, at));
        output.output(KV.of(stream, TableRows.of(columns, rows, PackedRows.row(rows, at))));
      }
    }
  }
}
