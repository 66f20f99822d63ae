package dev.tributary.pipeline.batch;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.Samples;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class BatchPipelineTest {
  private static final String HEADER =
      "order_id,customer_id,kind,status,country,order_time,updated_at\n";
  private static final String TIMES = "2026-11-20T10:00:00Z,2026-11-20T10:00:00Z";

  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  private BatchRun batch;

  @Before
  public void setUp() throws IOException {
    batch = new BatchRun(folder.getRoot().toPath(), Samples.CONTRACTS);
  }

  @Test
  public void goodLinesBecomeRowsAndEachBadOneADeadLetterWithItsNumber() throws IOException {
    String uri =
        batch.drop(
            "orders",
            LandingFile.Format.CSV,
            HEADER
                + "o1,7,purchase,placed,UK,"
                + TIMES
                + "\n"
                + "o2,seven,purchase,placed,UK,"
                + TIMES
                + "\n"
                + "o3,7,purchase\n"
                + "o4,,purchase,placed,\"United\nKingdom\","
                + TIMES
                + "\n"
                + "o5,7,purchase,placed,\"UK,"
                + TIMES
                + "\n"
                + "\n"
                + "o6,7,purchase,lost,UK,"
                + TIMES
                + "\n"
                + ",7,purchase,placed,UK,"
                + TIMES
                + "\r\n"
                + "o7,7,return,shipped,UK,"
                + TIMES);
    Map<String, Map<String, Object>> rows = batch.rows("order_id");
    assertEquals("[o1, o4, o7]", rows.keySet().toString());
    assertEquals("United\nKingdom", rows.get("o4").get("country"));
    assertFalse(rows.get("o4").containsKey("customer_id"));
    Map<String, Object> last = rows.get("o7");
    assertEquals(11L, last.get("_batch_line"));
    assertEquals(uri, last.get("_batch_uri"));
    assertEquals(42L, last.get("_batch_generation"));
    assertEquals("batch", last.get("_origin"));
    assertEquals("r", last.get("_op"));
    assertEquals(Samples.PUBLISHED, last.get("_source_time"));
    assertEquals(new Digest().add(uri).add("42").add("11").id(), last.get("_event_id"));
    assertFalse(last.containsKey("_lsn"));

    for (JsonNode letter : batch.deadLetters()) {
      assertEquals(uri, letter.at("/source/uri").asText());
      assertEquals("landing", letter.get("stage").asText());
    }
    assertEquals(
        Map.of(
            3L, "CONTRACT_VIOLATION customer_id",
            4L, "BAD_LINE null",
            7L, "BAD_LINE null",
            9L, "CONTRACT_VIOLATION status",
            10L, "CONTRACT_VIOLATION order_id"),
        batch.refusedLines());
    assertEquals(3, batch.report().get("rows").asLong());
    assertEquals(5, batch.report().get("dead_letters").asLong());
    assertTrue(batch.report().get("error").isNull());
  }

  @Test
  public void aSecondRunOfTheSameFileAddsNothing() throws IOException {
    String content = HEADER + "o1,7,purchase,placed,UK," + TIMES + "\nbad\n";
    batch.drop("orders", LandingFile.Format.CSV, content);
    List<String> first = batch.files();
    batch.drop("orders", LandingFile.Format.CSV, content);
    assertEquals(2, first.size());
    assertEquals(first, batch.files());
  }

  @Test
  public void personalValuesAreReplacedBeforeAnythingIsStored() throws IOException {
    batch.drop(
        "customers",
        LandingFile.Format.NDJSON,
        "{\"customer_id\":1,\"email\":\"ada@example.com\",\"ip\":\"203.0.113.7\","
            + "\"address\":\"12 Planted Street\",\"created_at\":\"2026-11-20T10:00:00Z\","
            + "\"updated_at\":\"2026-11-20T10:00:00Z\"}\n"
            + "{\"customer_id\":\"x\",\"email\":\"bob@example.com\"}\n"
            + "{\"customer_id\":2,\"mail\":\"eve@example.com\"}\n"
            + "not JSON at all: mallory@example.com\n");
    Map<String, Object> row = batch.rows("_event_id").values().iterator().next();
    assertEquals("tok_v1_XIILSlqsjzHrZ0GCW_7LjpfwBIjV7a7RrikIwp0Lfjg", row.get("email"));
    assertEquals("203.0.*.*", row.get("ip"));
    assertFalse(row.containsKey("address"));
    assertEquals(3, batch.deadLetters().size());
    try (Stream<Path> paths = Files.walk(batch.lake())) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        String bytes = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
        assertFalse(path.toString(), bytes.contains("@example.com"));
        assertFalse(path.toString(), bytes.contains("Planted"));
      }
    }
  }

  @Test
  public void moneyOfAFileIsExact() throws IOException {
    batch.drop(
        "products",
        LandingFile.Format.NDJSON,
        "{\"product_id\":\"a\",\"unit_price\":0.1,\"created_at\":\"2026-11-20T10:00:00Z\",\"updated_at\":\"2026-11-20T10:00:00Z\"}\n"
            + "{\"product_id\":\"b\",\"unit_price\":\"12345678901234567890.123456789\",\"created_at\":\"2026-11-20T10:00:00Z\",\"updated_at\":\"2026-11-20T10:00:00Z\"}\n"
            + "{\"product_id\":\"c\",\"unit_price\":0.0000000001,\"created_at\":\"2026-11-20T10:00:00Z\",\"updated_at\":\"2026-11-20T10:00:00Z\"}\n");
    Map<String, Map<String, Object>> rows = batch.rows("product_id");
    assertEquals(new BigDecimal("0.100000000"), rows.get("a").get("unit_price"));
    assertEquals(new BigDecimal("12345678901234567890.123456789"), rows.get("b").get("unit_price"));
    assertEquals("UNREPRESENTABLE", batch.deadLetters().get(0).get("reason").asText());
  }

  @Test
  public void aFileWithOtherColumnsIsRefusedWholeAndItsFirstLineNotTold() throws IOException {
    for (String content :
        new String[] {
          HEADER.replace("country", "email") + "o1,7,purchase,placed,ada@example.com," + TIMES,
          HEADER.replace("country", "status") + "o1,7,purchase,placed,UK," + TIMES,
          HEADER.replace("order_id,", "") + "7,purchase,placed,UK," + TIMES,
          "ada@example.com,7,purchase,placed,UK," + TIMES + "\n",
          "",
        }) {
      batch.drop("orders", LandingFile.Format.CSV, content);
      assertEquals(content, "WRONG_COLUMNS", batch.refusal());
      assertFalse(batch.report().toString().contains("ada@example.com"));
      assertEquals(List.of(), batch.files());
    }
  }

  @Test
  public void aRefusedFileFailsTheJobWhereNobodyReadsAReport() throws IOException {
    Path file = Files.writeString(folder.getRoot().toPath().resolve("a.csv"), "id\n1\n");
    LandingFile landing =
        new LandingFile(
            file.toString(),
            "orders",
            LandingFile.Format.CSV,
            LandingFile.Compression.NONE,
            Mapping.identity(Samples.CONTRACTS.stream("orders").orElseThrow()),
            1,
            Samples.PUBLISHED);
    Pipeline pipeline = Pipeline.create();
    String keys = Samples.writeKeys(folder.getRoot().toPath()).toString();
    pipeline.apply(
        new BatchPipeline(landing, Samples.CONTRACTS, batch.lake().toString(), keys, null));
    Throwable failure =
        assertThrows(
            Pipeline.PipelineExecutionException.class, () -> pipeline.run().waitUntilFinish());
    assertTrue(failure.getMessage().contains("WRONG_COLUMNS"));
  }

  @Test
  public void aLineThatIsTooLongIsADeadLetterAndTheNextOnesGoOn() throws IOException {
    String line =
        "{\"product_id\":\"%s\",\"unit_price\":1,\"created_at\":\"2026-11-20T10:00:00Z\",\"updated_at\":\"2026-11-20T10:00:00Z\"}\n";
    String tooLong = "x".repeat(LineReader.MAX_LINE_BYTES + 1) + "\n";
    batch.drop(
        "products",
        LandingFile.Format.NDJSON,
        "\uFEFF" + line.formatted("a") + tooLong + line.formatted("b"));
    assertEquals("[a, b]", batch.rows("product_id").keySet().toString());
    assertEquals(Map.of(2L, "BAD_LINE null"), batch.refusedLines());
  }
}
