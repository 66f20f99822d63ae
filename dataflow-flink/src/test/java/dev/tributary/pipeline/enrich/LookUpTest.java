package dev.tributary.pipeline.enrich;

import static org.junit.Assert.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.StreamingPipeline;
import dev.tributary.pipeline.TributaryOptions;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.bus.BusMessage.Topic;
import dev.tributary.pipeline.change.LiveInputs;
import dev.tributary.pipeline.lake.TestParquet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.testing.TestStream;
import org.apache.beam.sdk.values.TimestampedValue;
import org.joda.time.Duration;
import org.joda.time.Instant;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class LookUpTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Instant PUBLISHED = new Instant(Samples.PUBLISHED / 1_000);

  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  @Rule
  public final transient TestPipeline pipeline =
      TestPipeline.create().enableAbandonedNodeEnforcement(false);

  private Path lake;
  private long number;

  @Before
  public void setUp() throws IOException {
    lake = folder.newFolder("lake").toPath();
  }

  @Test
  public void aLineHasThePriceOfItsTimeThoughTheProductComesAfterIt() throws IOException {
    run(
        stream()
            .addElements(at(0, line("o1-1", "2026-11-20T10:00:00.000000Z")))
            .addElements(at(0, line("o1-2", "2026-11-20T12:00:00.000000Z")))
            .addElements(at(0, product("2026-11-20T11:00:00.000000Z", "3.00", "lights")))
            .addElements(at(0, product("2026-11-20T09:00:00.000000Z", "2.00", null)))
            .advanceWatermarkTo(PUBLISHED.plus(Duration.standardSeconds(1)))
            .advanceProcessingTime(Duration.standardSeconds(6)));
    Map<String, Map<String, Object>> lines = lines();
    assertEquals("2.000000000", String.valueOf(lines.get("o1-1").get("product_price")));
    assertEquals(null, lines.get("o1-1").get("product_category"));
    assertEquals("3.000000000", String.valueOf(lines.get("o1-2").get("product_price")));
    assertEquals("lights", lines.get("o1-2").get("product_category"));
  }

  @Test
  public void whatIsNotKnownWhenTheWatermarkPassesStaysNull() throws IOException {
    run(
        stream()
            .addElements(at(0, line("o1-1", "2026-11-20T10:00:00.000000Z")))
            .advanceWatermarkTo(PUBLISHED.plus(Duration.standardSeconds(1)))
            .addElements(at(2, product("2026-11-20T09:00:00.000000Z", "2.00", "lights")))
            .addElements(at(2, line("o1-2", "2026-11-20T10:00:00.000000Z")))
            .advanceWatermarkTo(PUBLISHED.plus(Duration.standardSeconds(3)))
            .advanceProcessingTime(Duration.standardSeconds(6)));
    assertEquals(null, lines().get("o1-1").get("product_price"));
    assertEquals("2.000000000", String.valueOf(lines().get("o1-2").get("product_price")));
  }

  @Test
  public void aLineOfANewerContractIsFilledToo() throws IOException {
    Path file = Files.writeString(folder.newFile("contracts.json").toPath(), contracts());
    LiveInputs inputs = LiveInputs.of(file.toString(), Samples.resource("/sample-features.json"));
    JsonNode newer = JSON.readTree(contracts());
    ((ArrayNode) newer.at("/streams/order_lines/fields"))
        .addObject()
        .put("name", "note")
        .put("type", "STRING")
        .put("required", false)
        .put("pii", "none");
    Files.writeString(file, newer.toString());
    run(
        stream()
            .addElements(at(0, product("2026-11-20T09:00:00.000000Z", "2.00", "lights")))
            .addElements(
                at(
                    0,
                    line("o1-1", "2026-11-20T10:00:00.000000Z")
                        .replace("\"country\":null", "\"country\":null,\"note\":\"a gift\"")))
            .advanceWatermarkTo(PUBLISHED.plus(Duration.standardSeconds(1)))
            .advanceProcessingTime(Duration.standardSeconds(6)),
        inputs);
    assertEquals("a gift", lines().get("o1-1").get("note"));
    assertEquals("2.000000000", String.valueOf(lines().get("o1-1").get("product_price")));
  }

  @Test
  public void aRowThatLooksNothingUpDoesNotWait() throws IOException {
    run(
        stream()
            .addElements(at(0, product("2026-11-20T09:00:00.000000Z", "2.00", "lights")))
            .advanceProcessingTime(Duration.standardSeconds(6)));
    assertEquals(1, TestParquet.readAll(lake.resolve("processed/products")).size());
  }

  private TestStream.Builder<BusMessage> stream() {
    return TestStream.create(new BusMessage.Coder());
  }

  private void run(TestStream.Builder<BusMessage> stream) throws IOException {
    run(stream, LiveInputs.of(contracts(), Samples.resource("/sample-features.json")));
  }

  private void run(TestStream.Builder<BusMessage> stream, LiveInputs inputs) throws IOException {
    TributaryOptions options = PipelineOptionsFactory.create().as(TributaryOptions.class);
    options.setLake(lake.toString());
    options.setPiiKeysFile(Samples.writeKeys(folder.getRoot().toPath()).toString());
    pipeline
        .apply(stream.advanceWatermarkToInfinity())
        .apply(new StreamingPipeline(inputs, options));
    pipeline.run().waitUntilFinish();
  }

  /** The sample contracts, whose order lines also look up their product. */
  private static String contracts() throws IOException {
    JsonNode contracts = JSON.readTree(Samples.resource("/sample-contracts.json"));
    ArrayNode fields = (ArrayNode) contracts.at("/streams/order_lines/fields");
    for (String[] field :
        new String[][] {
          {"product_category", "STRING", "category"}, {"product_price", "NUMERIC", "unit_price"}
        }) {
      fields
          .addObject()
          .put("name", field[0])
          .put("type", field[1])
          .put("required", false)
          .put("pii", "none")
          .putObject("lookup")
          .put("stream", "products")
          .put("by", "product_id")
          .put("field", field[2]);
    }
    return contracts.toString();
  }

  private Map<String, Map<String, Object>> lines() throws IOException {
    Map<String, Map<String, Object>> lines = new TreeMap<>();
    TestParquet.readAll(lake.resolve("processed/order_lines"))
        .values()
        .forEach(file -> file.forEach(row -> lines.put((String) row.get("order_line_id"), row)));
    return lines;
  }

  private String line(String id, String time) {
    return Samples.line(Samples.id(++number), id, time, "2.55", 6);
  }

  private String product(String updatedAt, String price, String category) {
    return Samples.change(
        Samples.id(++number),
        "products",
        "u",
        "{\"product_id\":\"85123A\"}",
        "null",
        "{\"product_id\":\"85123A\",\"description\":null,\"category\":%s,\"unit_price\":\"%s\",\"created_at\":\"%s\",\"updated_at\":\"%s\"}"
            .formatted(
                category == null ? "null" : "\"" + category + "\"", price, updatedAt, updatedAt));
  }

  private static TimestampedValue<BusMessage> at(long seconds, String text) {
    BusMessage message = Samples.message(Topic.CHANGES, 1, text);
    BusMessage later =
        new BusMessage(
            message.topic(),
            message.topicName(),
            message.attributes(),
            message.data(),
            message.partition(),
            message.offset(),
            null,
            message.publishedAt() + seconds * 1_000_000);
    return TimestampedValue.of(later, PUBLISHED.plus(Duration.standardSeconds(seconds)));
  }
}
