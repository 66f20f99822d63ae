package dev.tributary.pipeline.erasure;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.StreamRun;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.bus.BusMessage.Topic;
import dev.tributary.pipeline.lake.ParquetRows;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import dev.tributary.pipeline.pii.Seals;
import dev.tributary.pipeline.rewrite.CommittedRewrites;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.testing.TestPipeline;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class ErasePipelineTest {
  private static final String ERASED = "4711";
  private static final String OTHER = "4712";
  private static final String REQUEST = "erasures/open/era.sealed";

  @Rule public final TemporaryFolder folder = new TemporaryFolder();
  private Path lake;
  private String keys;
  private long offset;

  @Before
  public void setUp() throws IOException {
    lake = folder.newFolder("lake").toPath();
    keys = Samples.writeKeys(folder.getRoot().toPath()).toString();
  }

  @Test
  public void everyRowOfThePersonGoesFromRawAndProcessedAndNoRowOfAnybodyElse() throws IOException {
    stream(order(1, "o1", ERASED), order(2, "o2", OTHER), order(3, "o3", "null"));
    List<List<Object>> others = rows(false);
    assertEquals(4, others.size());
    request("{}", "[]");
    erase("run-1", false);
    assertEquals(2, CommittedRewrites.open(lake).size());
    for (JsonNode manifest : CommittedRewrites.open(lake)) {
      assertEquals("erasure", manifest.get("kind").asText());
      assertTrue(manifest.get("changes").isNull());
    }
    CommittedRewrites.commitAll(lake);
    assertEquals(others, rows(false));
    assertEquals(List.of(), rows(true));
    assertEquals(1, report("run-1").get("raw_rows_found").asInt());
    assertEquals(1, report("run-1").get("processed_rows_found").asInt());

    erase("run-2", false);
    assertEquals("a second run finds nothing", List.of(), CommittedRewrites.open(lake));
    assertTrue(report("run-2").path("raw_rows_found").isMissingNode());
  }

  @Test
  public void filesWithoutThePersonAreNotTouchedAndAFileOfNobodyElseIsGone() throws IOException {
    stream(order(1, "o1", OTHER));
    Map<String, byte[]> before = contents();
    stream(order(2, "o2", ERASED));
    request("{}", "[]");
    erase("run-1", false);
    CommittedRewrites.commitAll(lake);
    Map<String, byte[]> after = contents();
    assertEquals(before.keySet(), after.keySet());
    for (String file : before.keySet()) {
      assertArrayEquals(before.get(file), after.get(file));
    }
  }

  @Test
  public void aDeletionThatHasOnlyAKeyIsTheirsUnlessItNamesSomebodyElse() throws IOException {
    stream(
        deletion(1, "o1", "null"),
        deletion(2, "o2", "null"),
        deletion(3, "o1", "{\"order_id\":\"o1\",\"customer_id\":" + OTHER + "}"));
    request("{\"orders\":[[\"o1\"]]}", "[]");
    erase("run-1", false);
    CommittedRewrites.commitAll(lake);
    assertEquals(4, rows(false).size());
    assertEquals(List.of(Samples.id(2), Samples.id(3)), processedIds());
  }

  @Test
  public void messagesThatNoContractKnowsAndSealedColumnsAreLookedInto() throws IOException {
    String unknownStream =
        order(1, "o1", ERASED).replace("\"stream\":\"orders\"", "\"stream\":\"visits\"");
    String refused = order(2, "o2", ERASED).replace("purchase", "gift");
    Protection protection = new Protection(PiiKeys.load(keys));
    String sealed =
        protection.seal("{\"after\":{\"user_id\":4711}}".getBytes(StandardCharsets.UTF_8));
    String withUnknown =
        Samples.change(Samples.id(3), "products", "d", "{\"product_id\":\"p1\"}", "null", "null");
    withUnknown = withUnknown.replaceFirst("\\{", "{\"unknown\":\"" + sealed + "\",");
    String token = "tok_v1_of-their-email";
    String byToken =
        Samples.change(
            Samples.id(4), "visits", "c", "{\"v\":1}", "null", "{\"email\":\"" + token + "\"}");
    String others =
        Samples.change(
            Samples.id(5),
            "visits",
            "c",
            "{\"v\":1}",
            "null",
            "{\"email\":\"" + token + "\",\"customer_id\":" + OTHER + "}");
    stream(unknownStream, refused, withUnknown, byToken, others);
    request("{}", "[\"" + token + "\"]");
    erase("run-1", false);
    CommittedRewrites.commitAll(lake);
    assertEquals(4, report("run-1").get("raw_rows_found").asInt());
    // The product's own row is about nobody.
    List<List<Object>> left = rows(false).stream().filter(row -> row.size() == 8).toList();
    assertEquals(
        left.toString(), List.of(Samples.id(5)), left.stream().map(row -> row.get(0)).toList());
  }

  @Test
  public void countingStagesNothing() throws IOException {
    stream(order(1, "o1", ERASED));
    request("{}", "[]");
    erase("run-1", true);
    assertEquals(List.of(), CommittedRewrites.open(lake));
    assertEquals(1, report("run-1").get("raw_rows_found").asInt());
    assertEquals(1, report("run-1").get("processed_files_found").asInt());
  }

  @Test
  public void theReportAndWhatIsStagedDoNotTellWhoItWas() throws IOException {
    stream(order(1, "o1", ERASED), order(2, "o2", OTHER));
    request("{}", "[]");
    erase("run-1", false);
    for (String file : files("rewrites")) {
      if (file.endsWith(".json")) {
        assertFalse(Files.readString(lake.resolve(file)).contains(ERASED));
      }
    }
    assertFalse(Files.readString(lake.resolve(REQUEST)).contains(ERASED));
  }

  private String order(int n, String orderId, String customer) {
    return Samples.change(
        Samples.id(n),
        "orders",
        "c",
        "{\"order_id\":\"%s\"}".formatted(orderId),
        "null",
        ("{\"order_id\":\"%s\",\"customer_id\":%s,\"kind\":\"purchase\",\"status\":\"placed\","
                + "\"country\":null,\"order_time\":\"2026-11-21T05:00:00.000000Z\","
                + "\"updated_at\":\"2026-11-21T05:00:00.000000Z\"}")
            .formatted(orderId, customer));
  }

  private String deletion(int n, String orderId, String before) {
    return Samples.change(
        Samples.id(n), "orders", "d", "{\"order_id\":\"%s\"}".formatted(orderId), before, "null");
  }

  private void stream(String... events) {
    List<BusMessage> messages = new ArrayList<>();
    for (String event : events) {
      messages.add(Samples.message(Topic.CHANGES, offset++, event));
    }
    StreamRun.over(lake, keys, Samples.LIVE_INPUTS, messages);
  }

  private void request(String theirKeys, String tokens) throws IOException {
    String request =
        "{\"subject\":\"customer\",\"id\":\"%s\",\"keys\":%s,\"tokens\":%s}"
            .formatted(ERASED, theirKeys, tokens);
    Files.createDirectories(lake.resolve(REQUEST).getParent());
    Files.writeString(
        lake.resolve(REQUEST),
        new Protection(PiiKeys.load(keys)).seal(request.getBytes(StandardCharsets.UTF_8)));
  }

  private void erase(String run, boolean countOnly) {
    Pipeline pipeline = Pipeline.create(TestPipeline.testingPipelineOptions());
    pipeline.apply(
        new ErasePipeline(
            Samples.CONTRACTS, "customer", lake.toString(), REQUEST, keys, run, countOnly));
    pipeline.run().waitUntilFinish();
  }

  private JsonNode report(String run) throws IOException {
    return new ObjectMapper()
        .readTree(lake.resolve("rewrites/done/_erasure/%s/report.json".formatted(run)).toFile());
  }

  /**
   * Rows of both layers, seals opened, that have the erased person's number, or those that do not.
   */
  private List<List<Object>> rows(boolean theirs) throws IOException {
    Seals seals = new Seals(PiiKeys.loadAll(keys));
    List<List<Object>> found = new ArrayList<>();
    for (String file : files("raw", "processed")) {
      for (Object[] row : read(file)) {
        List<Object> values = new ArrayList<>();
        for (Object value : row) {
          values.add(
              value instanceof byte[] bytes
                  ? new String(seals.open(bytes), StandardCharsets.UTF_8)
                  : value);
        }
        if (values.toString().contains(ERASED) == theirs) {
          found.add(values);
        }
      }
    }
    found.sort(java.util.Comparator.comparing(Object::toString));
    return found;
  }

  private List<Object> processedIds() throws IOException {
    List<Object> ids = new ArrayList<>();
    for (String file : files("processed")) {
      read(file).forEach(row -> ids.add(row[0]));
    }
    return ids.stream().sorted().toList();
  }

  private List<Object[]> read(String file) throws IOException {
    List<Object[]> all = new ArrayList<>();
    try (ParquetRows rows = ParquetRows.open(Files.readAllBytes(lake.resolve(file)))) {
      for (Object[] row = rows.next(); row != null; row = rows.next()) {
        all.add(row);
      }
    }
    return all;
  }

  private Map<String, byte[]> contents() throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    for (String file : files("raw", "processed")) {
      contents.put(file, Files.readAllBytes(lake.resolve(file)));
    }
    return contents;
  }

  private List<String> files(String... at) throws IOException {
    List<String> files = new ArrayList<>();
    for (String layer : at) {
      Path root = lake.resolve(layer);
      if (Files.exists(root)) {
        try (Stream<Path> paths = Files.walk(root)) {
          paths
              .filter(Files::isRegularFile)
              .filter(path -> !path.getFileName().toString().startsWith("."))
              .forEach(path -> files.add(lake.relativize(path).toString()));
        }
      }
    }
    return files.stream().sorted().toList();
  }
}
