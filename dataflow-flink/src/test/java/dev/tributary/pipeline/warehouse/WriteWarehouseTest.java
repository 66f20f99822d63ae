package dev.tributary.pipeline.warehouse;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.api.services.bigquery.model.TableRow;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Timestamps;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.deadletter.DeadLetterMessages;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Schemas;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.PackedRows;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.io.gcp.bigquery.BigQueryStorageApiInsertError;
import org.apache.beam.sdk.io.gcp.bigquery.BigQueryStorageApiInsertErrorCoder;
import org.apache.beam.sdk.io.gcp.bigquery.TableDestination;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.junit.Rule;
import org.junit.Test;

public class WriteWarehouseTest {
  private static final WarehouseDataset DATASET = new WarehouseDataset("demo-project", "streamed");
  private static final long TIME = Timestamps.parse("2026-11-21T05:20:02.123456Z");

  @Rule
  public final transient TestPipeline pipeline =
      TestPipeline.create().enableAbandonedNodeEnforcement(false);

  @Test
  public void processedRowsGoToTheirStreamsTableAndRawRowsNowhere() throws IOException {
    Contract orders = Samples.LIVE_INPUTS.initial().contracts().stream("orders").orElseThrow();
    Bytes batch = new Bytes(256);
    add(batch, PackedRows.RAW, Schemas.RAW, rawRow("e1"));
    add(batch, PackedRows.PROCESSED, Schemas.of(orders), order(orders, "e1", "o1"));
    add(batch, PackedRows.PROCESSED, Schemas.of(orders), order(orders, "e2", "o2"));
    PCollection<KV<String, TableRow>> rows =
        pipeline
            .apply(Create.of(List.of(batch.copy())).withCoder(ByteArrayCoder.of()))
            .apply(ParDo.of(new UnpackRows(Samples.LIVE_INPUTS, "/nowhere")));
    PAssert.that(rows)
        .containsInAnyOrder(KV.of("orders", json("e1", "o1")), KV.of("orders", json("e2", "o2")));
    pipeline.run().waitUntilFinish();
  }

  @Test
  public void aTableIsMadeInTheFormThatStagingHas() {
    StreamTables tables = new StreamTables(DATASET, Samples.LIVE_INPUTS);
    TableDestination orders = tables.getTable("orders");
    assertEquals("demo-project:streamed.orders", orders.getTableSpec());
    assertEquals("DAY", orders.getTimePartitioning().getType());
    assertEquals("_event_time", orders.getTimePartitioning().getField());
    assertEquals(List.of("order_id"), orders.getClustering().getFields());
    assertEquals("_event_id", tables.getSchema("orders").getFields().get(0).getName());
    assertThrows(IllegalStateException.class, () -> tables.getSchema("nobody"));
  }

  @Test
  public void aRowThatBigQueryRefusesIsADeadLetterOfStageLoad() throws Exception {
    BigQueryStorageApiInsertError error =
        CoderUtils.clone(
            BigQueryStorageApiInsertErrorCoder.of(),
            new BigQueryStorageApiInsertError(
                RefusedRows.labelled(KV.of("orders", json(Samples.id(1), "o1"))),
                "order_id: too long" + ".".repeat(5_000)));
    PCollection<DeadLetter> letters =
        pipeline
            .apply(Create.of(error).withCoder(BigQueryStorageApiInsertErrorCoder.of()))
            .apply(ParDo.of(new RefusedRows(DATASET)))
            .setCoder(new DeadLetter.Coder());
    PAssert.thatSingleton(letters)
        .satisfies(
            letter -> {
              JsonNode json = tree(letter.json());
              assertEquals("load", json.get("stage").asText());
              assertEquals("UNREPRESENTABLE", json.get("reason").asText());
              assertEquals(Samples.id(1), json.get("event_id").asText());
              assertEquals("2026-11-21T05:20:02.123Z", json.get("time").asText());
              assertEquals("demo-project:streamed", json.at("/source/dataset").asText());
              assertEquals(
                  "dead-letter/orders/load/dt=2026-11-21/" + letter.id() + ".json", letter.path());
              assertEquals(
                  json(Samples.id(1), "o1"),
                  new ObjectMapper()
                      .convertValue(
                          tree(Base64.getDecoder().decode(json.get("payload").asText())),
                          TableRow.class));
              String message = json.get("message").asText();
              assertEquals(
                  "BigQuery did not take the row: order_id: too long", message.substring(0, 49));
              assertEquals(1_031, message.length());
              parsed(letter);
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  private static void parsed(DeadLetter letter) {
    try {
      // Other parts can read it too.
      assertEquals(letter.path(), DeadLetterMessages.parse(letter.json()).path());
    } catch (dev.tributary.pipeline.Refusal e) {
      throw new AssertionError(e);
    }
  }

  private static Object[] order(Contract contract, String eventId, String orderId) {
    List<String> names = Table.processed(contract).stream().map(column -> column.name()).toList();
    Object[] values = new Object[names.size()];
    values[names.indexOf("_event_id")] = eventId;
    values[names.indexOf("_source_time")] = TIME;
    values[names.indexOf("order_id")] = orderId;
    return values;
  }

  private static TableRow json(String eventId, String orderId) {
    return new TableRow()
        .set("_event_id", eventId)
        .set("_source_time", "2026-11-21T05:20:02.123456Z")
        .set("order_id", orderId);
  }

  private static Object[] rawRow(String eventId) {
    Object[] values = new Object[Table.raw().size()];
    values[0] = eventId;
    return values;
  }

  private static void add(Bytes batch, int table, long schema, Object[] values) throws IOException {
    int start =
        PackedRows.begin(batch, table, 0, schema, "orders".getBytes(StandardCharsets.UTF_8));
    batch.put(CoderUtils.encodeToByteArray(new LakeRow.Coder(), new LakeRow("id", 0, values)));
    PackedRows.end(batch, start);
  }

  private static JsonNode tree(byte[] json) {
    try {
      return new ObjectMapper().readTree(json);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
