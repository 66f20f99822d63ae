package dev.tributary.pipeline.batch;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.lake.TestParquet;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

  private Path lake;
  private String keys;

  @Before
  public void setUp() throws IOException {
    lake = folder.newFolder("lake").toPath();
    keys = Samples.writeKeys(folder.getRoot().toPath()).toString();
  }

  @Test
  public void goodLinesBecomeRowsAndEachBadOneADeadLetterWithItsNumber() throws IOException {
    String uri =
        run(
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
    Map<String, Map<String, Object>> rows = rows("order_id");
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

    Map<Long, String> reasons = new TreeMap<>();
    for (JsonNode letter : deadLetters()) {
      assertEquals(uri, letter.at("/source/uri").asText());
      assertEquals("landing", letter.get("stage").asText());
      reasons.put(
          letter.at("/source/line").asLong(),
          letter.get("reason").asText() + " " + letter.get("field").asText());
    }
    assertEquals(
        Map.of(
            3L, "CONTRACT_VIOLATION customer_id",
            4L, "BAD_LINE null",
            7L, "BAD_LINE null",
            9L, "CONTRACT_VIOLATION status",
            10L, "CONTRACT_VIOLATION order_id"),
        reasons);
  }

  @Test
  public void aSecondRunOfTheSameFileAddsNothing() throws IOException {
    String content = HEADER + "o1,7,purchase,placed,UK," + TIMES + "\nbad\n";
    run("orders", LandingFile.Format.CSV, content);
    List<String> first = files();
    run("orders", LandingFile.Format.CSV, content);
    assertEquals(2, first.size());
    assertEquals(first, files());
  }

  @Test
  public void personalValuesAreReplacedBeforeAnythingIsStored() throws IOException {
    run(
        "customers",
        LandingFile.Format.NDJSON,
        "{\"customer_id\":1,\"email\":\"ada@example.com\",\"ip\":\"203.0.113.7\","
            + "\"address\":\"12 Planted Street\",\"created_at\":\"2026-11-20T10:00:00Z\","
            + "\"updated_at\":\"2026-11-20T10:00:00Z\"}\n"
            + "{\"customer_id\":\"x\",\"email\":\"bob@example.com\"}\n"
            + "{\"customer_id\":2,\"mail\":\"eve@example.com\"}\n"
            + "not JSON at all: mallory@example.com\n");
    Map<String, Object> row = rows("_event_id").values().iterator().next();
    assertEquals("tok_v1_XIILSlqsjzHrZ0GCW_7LjpfwBIjV7a7RrikIwp0Lfjg", row.get("email"));
    assertEquals("203.0.*.*", row.get("ip"));
    assertFalse(row.containsKey("address"));
    assertEquals(3, deadLetters().size());
    try (Stream<Path> paths = Files.walk(lake)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        String bytes = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
        assertFalse(path.toString(), bytes.contains("@example.com"));
        assertFalse(path.toString(), bytes.contains("Planted"));
      }
    }
  }

  @Test
  public void moneyOfAFileIsExact() throws IOException {
    run(
        "products",
        LandingFile.Format.NDJSON,
        "{\"product_id\":\"a\",\"unit_price\":0.1,\"created_at\":\"2026-11-20T10:00:00Z\",\"updated_at\":\"2026-11-20T10:00:00Z\"}\n"
            + "{\"product_id\":\"b\",\"unit_price\":\"12345678901234567890.123456789\",\"created_at\":\"2026-11-20T10:00:00Z\",\"updated_at\":\"2026-11-20T10:00:00Z\"}\n"
            + "{\"product_id\":\"c\",\"unit_price\":0.0000000001,\"created_at\":\"2026-11-20T10:00:00Z\",\"updated_at\":\"2026-11-20T10:00:00Z\"}\n");
    Map<String, Map<String, Object>> rows = rows("product_id");
    assertEquals(new BigDecimal("0.100000000"), rows.get("a").get("unit_price"));
    assertEquals(new BigDecimal("12345678901234567890.123456789"), rows.get("b").get("unit_price"));
    assertEquals("UNREPRESENTABLE", deadLetters().get(0).get("reason").asText());
  }

  @Test
  public void aHeaderThatIsNotTheContractsIsOneDeadLetterAndNoRow() throws IOException {
    run("orders", LandingFile.Format.CSV, "order_id,email\no1,ada@example.com\n");
    JsonNode letter = deadLetters().get(0);
    assertEquals(1, deadLetters().size());
    assertEquals(1, letter.at("/source/line").asLong());
    assertEquals("email", letter.get("field").asText());
    assertTrue(letter.get("message").asText().contains("No line of the file was read."));
    assertEquals(Map.of(), TestParquet.readAll(lake.resolve("processed")));
  }

  private String run(String stream, LandingFile.Format format, String content) throws IOException {
    Path file = folder.getRoot().toPath().resolve("people's [file] *.csv");
    Files.writeString(file, content);
    Pipeline pipeline = Pipeline.create();
    LandingFile landing = new LandingFile(file.toString(), stream, format, 42, Samples.PUBLISHED);
    pipeline.apply(new BatchPipeline(landing, Samples.CONTRACTS, lake.toString(), keys));
    pipeline.run().waitUntilFinish();
    return file.toString();
  }

  private Map<String, Map<String, Object>> rows(String key) throws IOException {
    Map<String, Map<String, Object>> rows = new TreeMap<>();
    TestParquet.readAll(lake.resolve("processed"))
        .values()
        .forEach(file -> file.forEach(row -> rows.put((String) row.get(key), row)));
    return rows;
  }

  private List<JsonNode> deadLetters() throws IOException {
    List<JsonNode> letters = new ArrayList<>();
    Path root = lake.resolve("dead-letter");
    if (Files.exists(root)) {
      try (Stream<Path> paths = Files.walk(root)) {
        for (Path path : paths.filter(Files::isRegularFile).toList()) {
          letters.add(new ObjectMapper().readTree(Files.readAllBytes(path)));
        }
      }
    }
    return letters;
  }

  private List<String> files() throws IOException {
    try (Stream<Path> paths = Files.walk(lake)) {
      return paths.filter(Files::isRegularFile).map(Path::toString).sorted().toList();
    }
  }
}
