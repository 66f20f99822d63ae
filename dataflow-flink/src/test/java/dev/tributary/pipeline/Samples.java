package dev.tributary.pipeline;

import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.change.LiveInputs;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.feature.FeatureGroups;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * What tests have in common: compiled inputs, a key file, and messages as the bridge publishes
 * them.
 */
public final class Samples {
  public static final Contracts CONTRACTS = Contracts.parse(resource("/sample-contracts.json"));
  public static final FeatureGroups FEATURES =
      FeatureGroups.parse(resource("/sample-features.json"), CONTRACTS);
  public static final CompiledInputs INPUTS = new CompiledInputs(CONTRACTS, FEATURES);

  /** The same, as a job has them that was started with no file to watch. */
  public static final LiveInputs LIVE_INPUTS =
      LiveInputs.of(resource("/sample-contracts.json"), resource("/sample-features.json"));

  public static final String PII_KEYS =
      "{\"active\":\"v1\",\"keys\":{\"v1\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}}";

  /** 2026-11-21T05:20:00Z in microseconds. */
  public static final long PUBLISHED = 1_795_238_400_000_000L;

  private Samples() {}

  public static String resource(String name) {
    try (InputStream in = Samples.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static Path writeKeys(Path folder) throws IOException {
    return Files.writeString(folder.resolve("keys.json"), PII_KEYS);
  }

  /** 32 hex digits made from a number. */
  public static String id(long number) {
    return "%032x".formatted(number * 0x9E3779B97F4A7C15L);
  }

  public static BusMessage message(BusMessage.Topic topic, long offset, String data) {
    return new BusMessage(
        topic,
        "tributary." + (topic == BusMessage.Topic.CHANGES ? "changes" : "dead-letter"),
        new TreeMap<>(Map.of("specversion", "1.0")),
        data.getBytes(StandardCharsets.UTF_8),
        1,
        offset,
        null,
        PUBLISHED);
  }

  /**
   * @param key,before,after JSON
   */
  public static String change(
      String id, String stream, String op, String key, String before, String after) {
    return ("{\"event_id\":\"%s\",\"stream\":\"%s\",\"op\":\"%s\",\"key\":%s,\"before\":%s,\"after\":%s,"
            + "\"source\":{\"db\":\"app\",\"schema\":\"shop\",\"table\":\"%s\",\"lsn\":\"26739136\","
            + "\"tx\":\"761\",\"ts\":\"2026-11-21T05:20:02.123456Z\"},"
            + "\"ingested_at\":\"2026-11-21T05:20:02.456000Z\",\"contract_version\":\"1.0.0\"}")
        .formatted(id, stream, op, key, before, after, stream);
  }

  /** An order line of customer 7. */
  public static String line(String id, String lineId, String time, String price, int quantity) {
    return change(
        id,
        "order_lines",
        "c",
        "{\"order_line_id\":\"%s\"}".formatted(lineId),
        "null",
        ("{\"order_line_id\":\"%s\",\"order_id\":\"o1\",\"product_id\":\"85123A\",\"customer_id\":7,"
                + "\"kind\":\"purchase\",\"quantity\":%d,\"unit_price\":\"%s\",\"country\":null,"
                + "\"order_time\":\"%s\"}")
            .formatted(lineId, quantity, price, time));
  }
}
