package dev.tributary.pipeline.backfill;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tributary.pipeline.CompiledInputs;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.StreamRun;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.bus.BusMessage.Topic;
import dev.tributary.pipeline.change.LiveInputs;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.ParquetEncoder;
import dev.tributary.pipeline.lake.ParquetRows;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.lake.TestParquet;
import dev.tributary.pipeline.rewrite.CommittedRewrites;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.testing.TestPipeline;
import org.joda.time.Duration;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class BackfillPipelineTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long HOUR = 3_600_000_000L;
  private static final TimeRange HOUR_OF_SAMPLES =
      new TimeRange(Samples.PUBLISHED, Samples.PUBLISHED + HOUR);

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
  public void processedRowsThatWereLostComeBackAsTheStreamWroteThem() throws IOException {
    stream(Samples.LIVE_INPUTS, everyKindOfChange());
    Map<String, List<List<Object>>> written = processed();
    assertEquals(5, written.size());
    remove("processed");
    for (String stream : List.of("order_lines", "orders", "products")) {
      backfill(Samples.INPUTS, stream, HOUR_OF_SAMPLES);
    }
    assertEquals("nothing is visible before the commit", Map.of(), processed());
    CommittedRewrites.commitAll(lake);
    assertEquals(written, processed());
    assertEquals(
        "{\"added\":3,\"files\":1,\"messages\":4,\"refused\":1,\"rows\":3,\"staged\":3}",
        Files.readString(lake.resolve("rewrites/done/order_lines/run-1/report.json")));
  }

  @Test
  public void overWhatTheStreamWroteItChangesNothingNorDoesASecondRun() throws IOException {
    stream(Samples.LIVE_INPUTS, everyKindOfChange());
    List<String> before = files("processed");
    List<String> letters = files("dead-letter");
    backfill(Samples.INPUTS, "order_lines", HOUR_OF_SAMPLES);
    assertEquals(List.of(), CommittedRewrites.open(lake));
    assertEquals(before, files("processed"));
    assertEquals(letters, files("dead-letter"));
  }

  @Test
  public void aBetterRowReplacesTheOldOneInItsFileAndWhatElseTheFileHoldsStays()
      throws IOException {
    stream(Samples.LIVE_INPUTS, List.of(line(1, "2.55"), line(2, "3.00")));
    Path file = lake.resolve(only(files("processed")));
    List<Object[]> rows = read(file);
    int price = columns().indexOf("unit_price");
    int origin = columns().indexOf("_origin");
    Object[] right = rows.get(0).clone();
    rows.get(0)[price] = null;
    // A line of a batch file: no raw message tells of it.
    Object[] batch = rows.get(1).clone();
    batch[0] = Samples.id(99);
    batch[origin] = "batch";
    Files.write(
        file,
        ParquetEncoder.encode(
            Table.processed(Samples.CONTRACTS.stream("order_lines").orElseThrow()),
            Stream.of(rows.get(0), rows.get(1), batch)
                .map(row -> new LakeRow((String) row[0], 0, row))
                .toList()));

    backfill(Samples.INPUTS, "order_lines", HOUR_OF_SAMPLES);
    JsonNode manifest = only(CommittedRewrites.open(lake));
    assertEquals("backfill", manifest.get("kind").asText());
    assertEquals(1, manifest.at("/changes/rows").asInt());
    assertEquals(3, manifest.at("/output/rows").asInt());
    Object[] changed = only(read(lake.resolve(manifest.at("/changes/staged").asText())));
    assertArrayEquals(right, changed);

    CommittedRewrites.commitAll(lake);
    List<Object[]> after = read(lake.resolve(only(files("processed"))));
    assertArrayEquals(right, after.get(0));
    assertArrayEquals(rows.get(1), after.get(1));
    assertArrayEquals(batch, after.get(2));
    backfill(Samples.INPUTS, "order_lines", HOUR_OF_SAMPLES);
    assertEquals(List.of(), CommittedRewrites.open(lake));
  }

  @Test
  public void aRunThatDiedAfterStagingIsRepeatedUnderTheSameNames() throws IOException {
    stream(Samples.LIVE_INPUTS, everyKindOfChange());
    remove("processed");
    backfill(Samples.INPUTS, "order_lines", HOUR_OF_SAMPLES);
    List<String> staged = files("rewrites/open");
    Path manifest =
        lake.resolve(staged.stream().filter(name -> name.endsWith(".json")).findFirst().get());
    String content = Files.readString(manifest);
    Files.delete(manifest);
    backfill(Samples.INPUTS, "order_lines", HOUR_OF_SAMPLES);
    assertEquals(staged, files("rewrites/open"));
    assertEquals(content, Files.readString(manifest));
  }

  @Test
  public void onlyMessagesPublishedInTheRangeAreRead() throws IOException {
    stream(
        Samples.LIVE_INPUTS,
        List.of(
            at(line(1, "1"), Samples.PUBLISHED - 1),
            at(line(2, "1"), Samples.PUBLISHED),
            at(line(3, "1"), Samples.PUBLISHED + HOUR - 1),
            at(line(4, "1"), Samples.PUBLISHED + HOUR)));
    remove("processed");
    backfill(Samples.INPUTS, "order_lines", HOUR_OF_SAMPLES);
    CommittedRewrites.commitAll(lake);
    assertEquals(List.of(Samples.id(2), Samples.id(3)), ids());
    // Every message of all days, listed whole.
    backfill(Samples.INPUTS, "order_lines", new TimeRange(0, 4_000_000_000_000_000L));
    CommittedRewrites.commitAll(lake);
    assertEquals(4, ids().size());
  }

  @Test
  public void aRawFileThatTheStreamMayNotBeDoneWithIsLeftOut() throws IOException {
    stream(Samples.LIVE_INPUTS, everyKindOfChange());
    remove("processed");
    backfill(Samples.INPUTS, "order_lines", HOUR_OF_SAMPLES, Duration.standardMinutes(5));
    assertEquals(List.of(), files("rewrites/open"));
  }

  @Test
  public void whatWasSealedBecomesARowOnceTheContractKnowsItAndTheRestStaysADeadLetter()
      throws IOException {
    String line = Samples.line(Samples.id(1), "l1", "2026-11-20T10:00:00.000000Z", "1", 1);
    // A column no contract knows, a stream none knows, and one that stays unknown.
    String column = line.replace("\"country\":null", "\"country\":null,\"colour\":\"red\"");
    String stream =
        line.replace("\"order_lines\"", "\"lines\"").replace(Samples.id(1), Samples.id(2));
    String never =
        line.replace("\"quantity\":1", "\"quantity\":0").replace(Samples.id(1), Samples.id(3));
    stream(Samples.LIVE_INPUTS, List.of(message(column), message(stream), message(never)));
    assertEquals(List.of(), files("processed"));
    List<String> letters = files("dead-letter");
    assertEquals(3, letters.size());
    String raw =
        Files.readString(
            lake.resolve(
                files("raw").stream().filter(f -> f.contains("_unknown")).findFirst().get()),
            java.nio.charset.StandardCharsets.ISO_8859_1);
    assertTrue("sealed", raw.contains("seal_v1_") && !raw.contains("2026-11-20T10"));

    CompiledInputs wider = withColourAndLines();
    backfill(wider, "order_lines", HOUR_OF_SAMPLES);
    backfill(wider, "lines", HOUR_OF_SAMPLES);
    CommittedRewrites.commitAll(lake);
    Map<String, String> found = new TreeMap<>();
    TestParquet.readAll(lake.resolve("processed"))
        .forEach(
            (name, rows) ->
                rows.forEach(
                    row ->
                        found.put(
                            (String) row.get("_event_id"),
                            name.split("/")[0] + " " + row.get("colour"))));
    assertEquals(Map.of(Samples.id(1), "order_lines red", Samples.id(2), "lines null"), found);
    assertEquals(letters, files("dead-letter"));
  }

  @Test
  public void ofAnEventThatTheBridgeTookTwiceTheFirstTakingCounts() throws IOException {
    String line = Samples.line(Samples.id(1), "l1", "2026-11-20T10:00:00.000000Z", "1", 1);
    String later = line.replace("05:20:02.456000Z", "05:30:00.000000Z");
    // Two runs of the stream, the second without the first one's memory.
    stream(Samples.LIVE_INPUTS, List.of(message(later), line(2, "1")));
    stream(Samples.LIVE_INPUTS, List.of(message(line), line(3, "1")));
    assertEquals(4, ids().size());
    backfill(Samples.INPUTS, "order_lines", HOUR_OF_SAMPLES);
    assertEquals("copies are as they should be", List.of(), CommittedRewrites.open(lake));
    remove("processed");
    backfill(Samples.INPUTS, "order_lines", HOUR_OF_SAMPLES);
    CommittedRewrites.commitAll(lake);
    assertEquals(
        List.of(Samples.id(1), Samples.id(2), Samples.id(3)).stream().sorted().toList(), ids());
    Object[] row =
        read(lake.resolve(only(files("processed")))).stream()
            .filter(each -> each[0].equals(Samples.id(1)))
            .findFirst()
            .orElseThrow();
    assertEquals(1_795_238_402_456_000L, row[columns().indexOf("_ingested_at")]);
  }

  @Test
  public void aLineIsFilledFromTheVersionOfItsProductThatHeldAtItsTime() throws IOException {
    CompiledInputs looking = withLookUp();
    stream(
        Samples.LIVE_INPUTS,
        List.of(
            product(10, "2026-11-20T08:00:00.000000Z", "\"cups\"", "c"),
            product(11, "2026-11-20T10:00:00.000000Z", "\"mugs\"", "u"),
            product(12, "2026-11-20T12:00:00.000000Z", "\"late\"", "u"),
            lineAt(1, "2026-11-20T07:59:59.999999Z"),
            lineAt(2, "2026-11-20T08:00:00.000000Z"),
            lineAt(3, "2026-11-20T11:00:00.000000Z")));
    // A version that came after the range, of a time before the line's.
    stream(
        Samples.LIVE_INPUTS,
        List.of(
            at(
                product(13, "2026-11-20T10:30:00.000000Z", "\"beakers\"", "u"),
                Samples.PUBLISHED + 5 * HOUR)));
    backfill(looking, "order_lines", HOUR_OF_SAMPLES);
    CommittedRewrites.commitAll(lake);
    Map<String, Object> categories = new TreeMap<>();
    TestParquet.readAll(lake.resolve("processed/order_lines"))
        .values()
        .forEach(
            rows ->
                rows.forEach(
                    row ->
                        categories.put(
                            (String) row.get("order_line_id"),
                            String.valueOf(row.get("product_category")))));
    assertEquals(Map.of("l1", "null", "l2", "cups", "l3", "beakers"), categories);
    backfill(looking, "order_lines", HOUR_OF_SAMPLES);
    assertEquals(List.of(), CommittedRewrites.open(lake));
  }

  @Test
  public void whatTheStreamLookedUpItselfIsLookedUpTheSame() throws IOException {
    LiveInputs looking =
        LiveInputs.of(contractsWithLookUp(), Samples.resource("/sample-features.json"));
    stream(
        looking,
        List.of(
            product(10, "2026-11-20T08:00:00.000000Z", "\"cups\"", "c"),
            lineAt(1, "2026-11-20T07:00:00.000000Z"),
            lineAt(2, "2026-11-20T09:00:00.000000Z")));
    Map<String, List<List<Object>>> written = processed();
    assertTrue(written.toString().contains("l2") && written.toString().contains("cups"));
    backfill(withLookUp(), "order_lines", HOUR_OF_SAMPLES);
    assertEquals(List.of(), CommittedRewrites.open(lake));
    remove("processed");
    for (String stream : List.of("products", "order_lines")) {
      backfill(withLookUp(), stream, HOUR_OF_SAMPLES);
    }
    CommittedRewrites.commitAll(lake);
    assertEquals(written, processed());
  }

  @Test
  public void aMessageOfAnotherProducerIsReadAgainWithItsKey() throws IOException {
    // Only its key tells which row was deleted.
    String delete =
        "{\"before\":null,\"after\":null,\"source\":{\"version\":\"3.6.3.Final\","
            + "\"connector\":\"postgresql\",\"name\":\"app\",\"ts_ms\":1795238402123,"
            + "\"ts_us\":1795238402123456,\"snapshot\":\"false\",\"db\":\"app\",\"schema\":\"shop\","
            + "\"table\":\"orders\",\"txId\":763,\"lsn\":4711,\"xmin\":null},"
            + "\"transaction\":null,\"op\":\"d\",\"ts_ms\":1795238402200}";
    BusMessage bare = message(delete);
    stream(
        Samples.LIVE_INPUTS,
        List.of(
            new BusMessage(
                bare.topic(),
                bare.topicName(),
                bare.attributes(),
                bare.data(),
                bare.partition(),
                bare.offset(),
                null,
                bare.publishedAt(),
                "{\"order_id\":\"o7\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8))));
    Map<String, List<List<Object>>> written = processed();
    assertTrue(written.toString(), written.toString().contains("o7"));
    remove("processed");
    backfill(Samples.INPUTS, "orders", HOUR_OF_SAMPLES);
    CommittedRewrites.commitAll(lake);
    assertEquals(written, processed());
  }

  @Test
  public void aFileOfAnOlderContractKeepsItsColumnsAndGainsTheNewOnes() throws IOException {
    String line = Samples.line(Samples.id(1), "l1", "2026-11-20T10:00:00.000000Z", "1", 1);
    stream(Samples.LIVE_INPUTS, List.of(message(line), line(2, "7")));
    String red = line.replace("\"country\":null", "\"country\":null,\"colour\":\"red\"");
    Path raw = lake.resolve(only(files("raw")));
    Files.write(
        raw,
        ParquetEncoder.encode(
            Table.raw(),
            read(raw).stream()
                .map(
                    row -> {
                      if (row[0].equals(Samples.id(1))) {
                        row[2] = red.getBytes(java.nio.charset.StandardCharsets.UTF_8);
                      }
                      return new LakeRow((String) row[0], 0, row);
                    })
                .toList()));
    backfill(withColourAndLines(), "order_lines", HOUR_OF_SAMPLES);
    // The one row gains a value, the other one is told to lack it.
    assertEquals(2, only(CommittedRewrites.open(lake)).at("/changes/rows").asInt());
    CommittedRewrites.commitAll(lake);
    // The old contract refuses the one message and reads the other as before; what the file holds
    // beyond it stays.
    backfill(Samples.INPUTS, "order_lines", HOUR_OF_SAMPLES);
    assertEquals(1, only(CommittedRewrites.open(lake)).at("/changes/rows").asInt());
    CommittedRewrites.commitAll(lake);
    List<Map<String, Object>> rows =
        TestParquet.readAll(lake.resolve("processed")).values().iterator().next();
    assertEquals(2, rows.size());
    assertTrue(rows.stream().anyMatch(row -> "red".equals(row.get("colour"))));
    assertFalse(rows.stream().allMatch(row -> row.containsKey("colour")));
  }

  /**
   * Creates, an unchanged field, a delete, a truncate, a duplicate and a refusal, for five folders.
   */
  private List<BusMessage> everyKindOfChange() {
    return List.of(
        line(1, "2.55"),
        line(1, "2.55"),
        lineAt(2, "2026-11-20T11:00:00.000001Z"),
        message(Samples.line(Samples.id(3), "l3", "2026-11-20T10:00:00.000000Z", "1", 0)),
        message(Samples.change(Samples.id(4), "order_lines", "t", "null", "null", "null")),
        message(
            Samples.change(
                Samples.id(5),
                "products",
                "u",
                "{\"product_id\":\"P\"}",
                "null",
                "{\"product_id\":\"P\",\"category\":null,\"unit_price\":\"1.000000001\","
                    + "\"created_at\":\"2026-11-20T10:00:00.000000Z\","
                    + "\"updated_at\":\"2026-11-20T10:00:00.000000Z\"}")),
        message(
            Samples.change(
                Samples.id(6),
                "orders",
                "d",
                "{\"order_id\":\"o1\"}",
                "{\"order_id\":\"o1\",\"kind\":\"purchase\"}",
                "null")));
  }

  private BusMessage line(int n, String price) {
    return message(Samples.line(Samples.id(n), "l" + n, "2026-11-20T10:00:00.000001Z", price, 6));
  }

  private BusMessage lineAt(int n, String time) {
    return message(Samples.line(Samples.id(n), "l" + n, time, "1.5", 6));
  }

  private BusMessage product(int n, String time, String category, String op) {
    return message(
        Samples.change(
            Samples.id(n),
            "products",
            op,
            "{\"product_id\":\"85123A\"}",
            "null",
            ("{\"product_id\":\"85123A\",\"description\":null,\"category\":%s,"
                    + "\"unit_price\":\"1\",\"created_at\":\"%s\",\"updated_at\":\"%s\"}")
                .formatted(category, time, time)));
  }

  private BusMessage message(String event) {
    return Samples.message(Topic.CHANGES, offset++, event);
  }

  private static BusMessage at(BusMessage message, long published) {
    return new BusMessage(
        message.topic(),
        message.topicName(),
        message.attributes(),
        message.data(),
        message.partition(),
        message.offset(),
        null,
        published);
  }

  private static CompiledInputs withColourAndLines() throws IOException {
    ObjectNode contracts = (ObjectNode) JSON.readTree(Samples.resource("/sample-contracts.json"));
    ObjectNode streams = (ObjectNode) contracts.get("streams");
    ((com.fasterxml.jackson.databind.node.ArrayNode) streams.at("/order_lines/fields"))
        .addObject()
        .put("name", "colour")
        .put("type", "STRING")
        .put("required", false)
        .put("pii", "none");
    ObjectNode lines = streams.get("order_lines").deepCopy();
    streams.set("lines", lines.put("stream", "lines"));
    return new CompiledInputs(Contracts.parse(contracts.toString()), Samples.FEATURES);
  }

  private static CompiledInputs withLookUp() throws IOException {
    return new CompiledInputs(Contracts.parse(contractsWithLookUp()), Samples.FEATURES);
  }

  private static String contractsWithLookUp() throws IOException {
    ObjectNode contracts = (ObjectNode) JSON.readTree(Samples.resource("/sample-contracts.json"));
    ((com.fasterxml.jackson.databind.node.ArrayNode) contracts.at("/streams/order_lines/fields"))
        .addObject()
        .put("name", "product_category")
        .put("type", "STRING")
        .put("required", false)
        .put("pii", "none")
        .putObject("lookup")
        .put("stream", "products")
        .put("by", "product_id")
        .put("field", "category");
    return contracts.toString();
  }

  private void stream(LiveInputs inputs, List<BusMessage> messages) {
    StreamRun.over(lake, keys, inputs, messages);
  }

  private void backfill(CompiledInputs inputs, String stream, TimeRange range) {
    // The files are of this instant.
    backfill(inputs, stream, range, Duration.standardMinutes(-1));
  }

  private void backfill(CompiledInputs inputs, String stream, TimeRange range, Duration settle) {
    Pipeline pipeline = Pipeline.create(TestPipeline.testingPipelineOptions());
    pipeline.apply(
        new BackfillPipeline(
            inputs,
            inputs.contracts().stream(stream).orElseThrow(),
            range,
            lake.toString(),
            keys,
            settle,
            "run-1"));
    pipeline.run().waitUntilFinish();
  }

  private static List<String> columns() {
    return Table.processed(Samples.CONTRACTS.stream("order_lines").orElseThrow()).stream()
        .map(column -> column.name())
        .toList();
  }

  /** By folder, sorted by event id. */
  private Map<String, List<List<Object>>> processed() throws IOException {
    Map<String, List<List<Object>>> rows = new TreeMap<>();
    for (String name : files("processed")) {
      List<List<Object>> of =
          rows.computeIfAbsent(name.substring(0, name.lastIndexOf('/')), each -> new ArrayList<>());
      read(lake.resolve(name)).forEach(row -> of.add(java.util.Arrays.asList(row)));
      of.sort(java.util.Comparator.comparing(row -> (String) row.get(0)));
    }
    return rows;
  }

  private List<String> ids() throws IOException {
    List<String> ids = new ArrayList<>();
    processed().values().forEach(rows -> rows.forEach(row -> ids.add((String) row.get(0))));
    return ids.stream().sorted().toList();
  }

  private static List<Object[]> read(Path file) throws IOException {
    List<Object[]> all = new ArrayList<>();
    try (ParquetRows rows = ParquetRows.open(Files.readAllBytes(file))) {
      for (Object[] row = rows.next(); row != null; row = rows.next()) {
        all.add(row);
      }
    }
    return all;
  }

  private void remove(String at) throws IOException {
    for (String name : files(at)) {
      Files.delete(lake.resolve(name));
    }
  }

  private List<String> files(String at) throws IOException {
    Path root = lake.resolve(at);
    if (!Files.exists(root)) {
      return List.of();
    }
    try (Stream<Path> paths = Files.walk(root)) {
      return paths
          .filter(Files::isRegularFile)
          .map(path -> lake.relativize(path).toString())
          .sorted()
          .toList();
    }
  }

  private static <T> T only(List<T> all) {
    assertEquals(all.toString(), 1, all.size());
    return all.get(0);
  }
}
