package dev.tributary.pipeline.warehouse;

import com.google.api.services.bigquery.model.TableRow;
import dev.tributary.pipeline.change.LiveInputs;
import dev.tributary.pipeline.deadletter.DeadLetter;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.io.gcp.bigquery.BigQueryIO;
import org.apache.beam.sdk.io.gcp.bigquery.BigQueryIO.Write.CreateDisposition;
import org.apache.beam.sdk.io.gcp.bigquery.BigQueryIO.Write.Method;
import org.apache.beam.sdk.io.gcp.bigquery.BigQueryIO.Write.WriteDisposition;
import org.apache.beam.sdk.io.gcp.bigquery.TableRowJsonCoder;
import org.apache.beam.sdk.io.gcp.bigquery.WriteResult;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;

/**
 * Appends processed rows to BigQuery as they come; what it refuses comes out as dead letters.
 *
 * <p>At least once: a worker that dies may have written rows that another writes again. Each row
 * carries its {@code _event_id}, by which the staging models take it once, from here as from files;
 * exactly once would shuffle every row again for a promise that they do not need.
 */
public final class WriteWarehouse extends PTransform<PCollection<byte[]>, PCollection<DeadLetter>> {
  private static final long serialVersionUID = 1L;

  private final WarehouseDataset dataset;
  private final LiveInputs inputs;
  private final String lake;

  /**
   * @param lake where the columns of rows are found whose contract is newer than the job
   */
  public WriteWarehouse(WarehouseDataset dataset, LiveInputs inputs, String lake) {
    this.dataset = dataset;
    this.inputs = inputs;
    this.lake = lake;
  }

  @Override
  public PCollection<DeadLetter> expand(PCollection<byte[]> packedRows) {
    WriteResult written =
        packedRows
            .apply("Unpack", ParDo.of(new UnpackRows(inputs, lake)))
            .setCoder(KvCoder.of(StringUtf8Coder.of(), TableRowJsonCoder.of()))
            .apply(
                "Append",
                BigQueryIO.<KV<String, TableRow>>write()
                    .to(new StreamTables(dataset, inputs))
                    .withFormatFunction(KV::getValue)
                    .withFormatRecordOnFailureFunction(RefusedRows::labelled)
                    .withMethod(Method.STORAGE_API_AT_LEAST_ONCE)
                    .withCreateDisposition(CreateDisposition.CREATE_IF_NEEDED)
                    .withWriteDisposition(WriteDisposition.WRITE_APPEND)
                    // A column that a contract got while the job runs is written as soon as the
                    // table has it; until then the files have its values.
                    .ignoreUnknownValues()
                    .withAutoSchemaUpdate(true));
    return written
        .getFailedStorageApiInserts()
        .apply("Refused", ParDo.of(new RefusedRows(dataset)))
        .setCoder(new DeadLetter.Coder());
  }
}
