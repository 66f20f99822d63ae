package dev.tributary.pipeline;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.bus.BusMessage.Topic;
import dev.tributary.pipeline.bus.OutgoingMessage;
import dev.tributary.pipeline.change.LiveInputs;
import dev.tributary.pipeline.lake.TestParquet;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.testing.TestStream;
import org.apache.beam.sdk.values.PCollection;
import org.joda.time.Duration;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class StreamingPipelineTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PLANTED = "ada.lovelace@example.com";

  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  @Rule
  public final transient TestPipeline pipeline =
      TestPipeline.create().enableAbandonedNodeEnforcement(false);

  private Path lake;
  private String keys;
  private long offset;

  @Before
  public void setUp() throws IOException {
    lake = folder.newFolder("lake").toPath();
    keys = Samples.writeKeys(folder.getRoot().toPath()).toString();
  }

  @Test
  public void anEventThatComesTwiceIsInRawAndProcessedOnce() throws IOException {
    String line = Samples.line(Samples.id(1), "o1-1", "2026-11-20T10:00:00.000001Z", "2.55", 6);
    run(changes(line, line));

    Map<String, List<Map<String, Object>>> raw = TestParquet.readAll(lake.resolve("raw"));
    Map<String, Object> rawRow = only(only(new ArrayList<>(raw.values())));
    assertEquals(Samples.id(1), rawRow.get("event_id"));
    assertEquals(line, rawRow.get("message"));
    assertEquals("{\"specversion\":\"1.0\"}", rawRow.get("attributes"));
    assertEquals(Samples.PUBLISHED, rawRow.get("published_at"));
    assertTrue(raw.keySet().toString().contains("order_lines/dt=2026-11-21/hr=05/part-"));

    Map<String, List<Map<String, Object>>> processed =
        TestParquet.readAll(lake.resolve("processed"));
    // By event time, though published a day later.
    assertTrue(processed.keySet().toString().contains("order_lines/dt=2026-11-20/hr=10/part-"));
    Map<String, Object> row = only(only(new ArrayList<>(processed.values())));
    assertEquals(new BigDecimal("2.550000000"), row.get("unit_price"));
    assertEquals(26739136L, row.get("_lsn"));
    assertEquals("c", row.get("_op"));
    assertEquals("stream", row.get("_origin"));
    assertEquals(row.get("order_time"), row.get("_event_time"));
    assertFalse(row.containsKey("country"));
    assertFalse(row.containsKey("_absent"));
    assertEquals(List.of(), deadLetters());
  }

  @Test
  public void anUnchangedFieldIsNamedAndADeleteCarriesWhatWasThere() throws IOException {
    String update =
        Samples.change(
            Samples.id(1),
            "products",
            "u",
            "{\"product_id\":\"P\"}",
            "null",
            "{\"product_id\":\"P\",\"category\":null,\"unit_price\":\"1.0\","
                + "\"created_at\":\"2026-11-20T10:00:00.000000Z\","
                + "\"updated_at\":\"2026-11-20T10:00:00.000000Z\"}");
    String delete =
        Samples.change(
            Samples.id(2),
            "orders",
            "d",
            "{\"order_id\":\"o1\"}",
            "{\"order_id\":\"o1\",\"status\":\"a status of long ago\",\"kind\":\"purchase\"}",
            "null");
    String truncate = Samples.change(Samples.id(3), "user_events", "t", "null", "null", "null");
    run(changes(update, delete, truncate));

    Map<String, Map<String, Object>> rows = new TreeMap<>();
    TestParquet.readAll(lake.resolve("processed"))
        .values()
        .forEach(file -> file.forEach(row -> rows.put((String) row.get("_event_id"), row)));
    assertEquals("description", rows.get(Samples.id(1)).get("_absent"));
    Map<String, Object> deleted = rows.get(Samples.id(2));
    assertEquals("o1", deleted.get("order_id"));
    assertEquals("purchase", deleted.get("kind"));
    assertNull("an old value outside today's contract", deleted.get("status"));
    // Neither has an event time: the commit's serves.
    assertEquals(deleted.get("_source_time"), deleted.get("_event_time"));
    assertEquals("t", rows.get(Samples.id(3)).get("_op"));
  }

  @Test
  public void aRowThatBreaksItsContractIsADeadLetterNamingTheField() throws IOException {
    run(changes(Samples.line(Samples.id(1), "o1-1", "2026-11-20T10:00:00.000001Z", "2.55", 0)));
    JsonNode letter = only(deadLetters());
    assertEquals("CONTRACT_VIOLATION", letter.get("reason").asText());
    assertEquals("quantity", letter.get("field").asText());
    assertEquals(Samples.id(1), letter.get("event_id").asText());
    assertEquals("2026-11-21T05:20:00Z", letter.get("time").asText());
    assertEquals("order_lines", letter.get("stream").asText());
    assertEquals(1, TestParquet.readAll(lake.resolve("raw")).size());
    assertEquals(Map.of(), TestParquet.readAll(lake.resolve("processed")));
  }

  @Test
  public void whatNoContractKnowsIsKeptButOnlySealed() throws IOException {
    String unreadable = "{\"email\":\"" + PLANTED + "\"";
    String unknownStream =
        Samples.change(
            Samples.id(2), "accounts", "c", "{\"id\":1}", "null", "{\"mail\":\"" + PLANTED + "\"}");
    String unknownField =
        Samples.change(
            Samples.id(3),
            "customers",
            "c",
            "{\"customer_id\":1}",
            "null",
            "{\"customer_id\":1,\"second_email\":\"" + PLANTED + "\"}");
    run(changes(unreadable, unknownStream, unknownField));

    List<String> reasons =
        deadLetters().stream().map(letter -> letter.get("reason").asText()).sorted().toList();
    assertEquals(List.of("CONTRACT_VIOLATION", "UNKNOWN_STREAM", "UNREADABLE"), reasons);
    Protection protection = new Protection(PiiKeys.parse(Samples.PII_KEYS, "keys"));
    List<String> seals =
        Stream.of(unreadable, unknownStream, unknownField)
            .map(text -> protection.seal(text.getBytes(StandardCharsets.UTF_8)))
            .sorted()
            .toList();
    assertEquals(
        seals,
        deadLetters().stream()
            .map(letter -> Base64.getDecoder().decode(letter.get("payload").asText()))
            .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
            .sorted()
            .toList());
    List<String> raw = new ArrayList<>();
    TestParquet.readAll(lake.resolve("raw"))
        .values()
        .forEach(file -> file.forEach(row -> raw.add((String) row.get("message"))));
    assertEquals(seals, raw.stream().sorted().toList());
    assertFoundNowhere(PLANTED);
  }

  @Test
  public void aDeadLetterOfTheBridgeIsStoredAsItCameAndOnce() throws IOException {
    String letter =
        "{\"dead_letter_id\":\"%s\",\"event_id\":null,\"stream\":\"orders\",\"stage\":\"bridge\","
                .formatted(Samples.id(9))
            + "\"reason\":\"CONTRACT_VIOLATION\",\"message\":\"m\",\"field\":null,\"attempt\":1,"
            + "\"time\":\"2026-11-20T23:59:59.999Z\",\"source\":null,\"sealed\":true,\"payload\":\"\"}";
    String escaping = letter.replace("\"stream\":\"orders\"", "\"stream\":\"../../landing\"");
    run(
        List.of(
            Samples.message(Topic.DEAD_LETTER, 1, letter),
            Samples.message(Topic.DEAD_LETTER, 2, letter),
            Samples.message(Topic.DEAD_LETTER, 3, escaping)));
    Path stored =
        lake.resolve("dead-letter/orders/bridge/dt=2026-11-20/" + Samples.id(9) + ".json");
    assertEquals(letter, Files.readString(stored));
    assertEquals(2, deadLetters().size());
    assertEquals(
        1,
        deadLetters().stream()
            .filter(other -> other.get("reason").asText().equals("UNREADABLE"))
            .count());
    assertEquals(Map.of(), TestParquet.readAll(lake.resolve("raw")));
  }

  @Test
  public void everyEventYieldsItsFeaturesAtOnce() throws IOException {
    PCollection<OutgoingMessage> features =
        apply(
            changes(Samples.line(Samples.id(1), "o1-1", "2026-11-20T10:00:00.000000Z", "2.55", 6)));
    PAssert.that(features)
        .satisfies(
            messages -> {
              OutgoingMessage message = only(list(messages));
              assertEquals("customer_activity:7", message.orderingKey());
              JsonNode row = json(message.data());
              assertEquals(7, row.at("/entity/customer_id").asLong());
              assertEquals("2026-11-20T10:00:00.000000Z", row.get("event_time").asText());
              assertEquals("2026-11-20T10:00:00.000001Z", row.get("event_timestamp").asText());
              assertTrue(row.get("latest").asBoolean());
              assertEquals(
                  "{\"events_5m\":1,\"events_1h\":1,\"events_24h\":1,"
                      + "\"spend_5m\":\"15.3\",\"spend_1h\":\"15.3\",\"spend_24h\":\"15.3\"}",
                  row.get("features").toString());
              assertEquals(
                  Samples.id(1) + "@2026-11-20T10:00:00.000001Z", message.attributes().get("id"));
              assertTrue(
                  message.attributes().get("traceparent").startsWith("00-" + Samples.id(1) + "-"));
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  public void anEventWhoseWindowsAreClosedIsInTheFilesAndRecordedAsLate() throws IOException {
    String newest = Samples.line(Samples.id(1), "o1-1", "2026-11-20T10:00:00.000000Z", "2.55", 6);
    String late = Samples.line(Samples.id(2), "o0-1", "2026-11-18T10:00:00.000000Z", "1.00", 1);
    PCollection<OutgoingMessage> features = apply(changes(newest, late));
    PAssert.that(features)
        .satisfies(
            messages -> {
              assertEquals(
                  Samples.id(1), json(only(list(messages)).data()).get("event_id").asText());
              return null;
            });
    pipeline.run().waitUntilFinish();

    JsonNode letter = only(deadLetters());
    assertEquals("LATE", letter.get("reason").asText());
    assertEquals(Samples.id(2), letter.get("event_id").asText());
    assertEquals("order_lines", letter.get("stream").asText());
    assertEquals("customer_activity", letter.at("/source/view").asText());
    assertTrue(letter.get("message").asText().contains("from 2026-11-19T10:00:00.000000Z on"));
    JsonNode row = json(Base64.getDecoder().decode(letter.get("payload").asText()));
    assertEquals(7, row.get("entity").asLong());
    assertEquals("2026-11-18T10:00:00.000000Z", row.get("event_time").asText());
    assertEquals(2, TestParquet.readAll(lake.resolve("processed")).size());
  }

  @Test
  public void aColumnFlowsFromTheMomentItsContractHasIt() throws IOException {
    String contracts = Samples.resource("/sample-contracts.json");
    Path file = Files.writeString(folder.newFile("contracts.json").toPath(), contracts);
    LiveInputs inputs = LiveInputs.of(file.toString(), Samples.resource("/sample-features.json"));
    String before = Samples.change(Samples.id(1), "products", "c", KEY, "null", product(""));
    String after =
        Samples.change(Samples.id(2), "products", "c", KEY, "null", product("\"colour\":\"red\","));
    // The job has started with the old contract; the message of the new one is there already.
    Files.writeString(
        file,
        contracts.replaceFirst(
            "(\"stream\": ?\"products\"[\\s\\S]*?\"fields\": ?\\[)",
            "$1{\"name\":\"colour\",\"type\":\"STRING\",\"required\":false,\"pii\":\"none\"},"));
    apply(changes(before, after), inputs);
    pipeline.run().waitUntilFinish();
    assertEquals(List.of(), deadLetters());
    Map<String, Object> colours = new TreeMap<>();
    TestParquet.readAll(lake.resolve("processed"))
        .values()
        .forEach(
            rows ->
                rows.forEach(
                    row ->
                        colours.put(
                            (String) row.get("_event_id"), String.valueOf(row.get("colour")))));
    assertEquals(Map.of(Samples.id(1), "null", Samples.id(2), "red"), colours);
  }

  private static final String KEY = "{\"product_id\":\"P\"}";

  private static String product(String more) {
    return "{\"product_id\":\"P\","
        + more
        + "\"description\":null,\"category\":null,\"unit_price\":\"1.0\","
        + "\"created_at\":\"2026-11-20T10:00:00.000000Z\","
        + "\"updated_at\":\"2026-11-20T10:00:00.000000Z\"}";
  }

  @Test
  public void guestsUpdatesAndDeletesYieldNoFeatures() throws IOException {
    String line = Samples.line(Samples.id(1), "o1-1", "2026-11-20T10:00:00.000000Z", "2.55", 6);
    PCollection<OutgoingMessage> features =
        apply(
            changes(
                line.replace("\"customer_id\":7", "\"customer_id\":null"),
                line.replace("\"op\":\"c\"", "\"op\":\"u\"").replace(Samples.id(1), Samples.id(2)),
                Samples.change(
                    Samples.id(3),
                    "order_lines",
                    "d",
                    "{\"order_line_id\":\"o1-1\"}",
                    "null",
                    "null")));
    PAssert.that(features).empty();
    pipeline.run().waitUntilFinish();
  }

  private List<BusMessage> changes(String... events) {
    return Stream.of(events).map(event -> Samples.message(Topic.CHANGES, offset++, event)).toList();
  }

  private void run(List<BusMessage> messages) {
    apply(messages);
    pipeline.run().waitUntilFinish();
  }

  private PCollection<OutgoingMessage> apply(List<BusMessage> messages) {
    return apply(messages, Samples.LIVE_INPUTS);
  }

  private PCollection<OutgoingMessage> apply(List<BusMessage> messages, LiveInputs inputs) {
    TestStream.Builder<BusMessage> stream = TestStream.create(new BusMessage.Coder());
    for (BusMessage message : messages) {
      stream = stream.addElements(message);
    }
    TributaryOptions options = PipelineOptionsFactory.create().as(TributaryOptions.class);
    options.setLake(lake.toString());
    options.setPiiKeysFile(keys);
    return pipeline
        .apply(
            stream.advanceProcessingTime(Duration.standardSeconds(6)).advanceWatermarkToInfinity())
        .apply(new StreamingPipeline(inputs, options));
  }

  private List<JsonNode> deadLetters() throws IOException {
    Path root = lake.resolve("dead-letter");
    if (!Files.exists(root)) {
      return List.of();
    }
    try (Stream<Path> paths = Files.walk(root)) {
      List<JsonNode> letters = new ArrayList<>();
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        letters.add(json(Files.readAllBytes(path)));
      }
      return letters;
    }
  }

  private void assertFoundNowhere(String text) throws IOException {
    try (Stream<Path> paths = Files.walk(lake)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        assertFalse(
            path + " holds it",
            new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1).contains(text));
      }
    }
  }

  private static JsonNode json(byte[] bytes) {
    try {
      return JSON.readTree(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static <T> List<T> list(Iterable<T> all) {
    List<T> list = new ArrayList<>();
    all.forEach(list::add);
    return list;
  }

  private static <T> T only(List<T> all) {
    assertEquals(all.toString(), 1, all.size());
    return all.get(0);
  }
}
