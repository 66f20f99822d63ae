package dev.tributary.pipeline.deadletter;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tributary.pipeline.DataCoder;
import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.contract.Timestamps;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;

/**
 * A dead letter ready to be stored.
 *
 * @param path its object beneath the lake's root; a function of what it is about
 * @param json docs/interfaces.md#dead-letter
 */
public record DeadLetter(String id, String path, byte[] json) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * What became of something that this pipeline could not process.
   *
   * @param eventId null where it has none
   * @param stream or {@code _unknown}
   * @param stage {@code pipeline} for messages, {@code landing} for batch files
   * @param source where it came from, or null; JSON object
   * @param time of the original, so that a replay writes the same object; microseconds
   * @param sealed the original bytes under the PII key
   */
  public static DeadLetter of(
      String eventId,
      String stream,
      String stage,
      Refusal refusal,
      JsonNode source,
      long time,
      String sealed) {
    return of(eventId, stream, stage, refusal, source, time, sealed, 1);
  }

  /**
   * The same for what was read before.
   *
   * @param attempt 1, or one more than that of the letter whose original is read again: what is
   *     refused again is a letter of its own
   */
  public static DeadLetter of(
      String eventId,
      String stream,
      String stage,
      Refusal refusal,
      JsonNode source,
      long time,
      String sealed,
      int attempt) {
    byte[] payload = sealed.getBytes(StandardCharsets.UTF_8);
    Digest digest = new Digest().add("dead-letter").add(stage);
    if (eventId != null) {
      digest.add(eventId);
    } else {
      digest.add(source == null ? "" : canonical(source)).add(payload);
    }
    if (attempt > 1) {
      digest.add(Integer.toString(attempt));
    }
    return letter(
        digest.id(), eventId, stream, stage, refusal, source, time, true, payload, attempt);
  }

  /**
   * The same about something without personal data, of an event that may have other letters too:
   * the source and the reason tell them apart.
   */
  public static DeadLetter plain(
      String eventId,
      String stream,
      String stage,
      Refusal refusal,
      JsonNode source,
      long time,
      String payload) {
    String id =
        new Digest()
            .add("dead-letter")
            .add(stage)
            .add(eventId)
            .add(refusal.reason().name())
            .add(canonical(source))
            .id();
    return letter(
        id,
        eventId,
        stream,
        stage,
        refusal,
        source,
        time,
        false,
        payload.getBytes(StandardCharsets.UTF_8),
        1);
  }

  private static DeadLetter letter(
      String id,
      String eventId,
      String stream,
      String stage,
      Refusal refusal,
      JsonNode source,
      long time,
      boolean sealed,
      byte[] payload,
      int attempt) {
    String instant = Timestamps.instant(time).truncatedTo(ChronoUnit.MILLIS).toString();
    ObjectNode letter = JSON.createObjectNode();
    letter.put("dead_letter_id", id);
    letter.put("event_id", eventId);
    letter.put("stream", stream);
    letter.put("stage", stage);
    letter.put("reason", refusal.reason().name());
    letter.put("message", refusal.getMessage());
    letter.put("field", refusal.field());
    letter.put("attempt", attempt);
    letter.put("time", instant);
    letter.set("source", source);
    letter.put("sealed", sealed);
    letter.put("payload", Base64.getEncoder().encodeToString(payload));
    return of(letter, letter.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** A letter that has its fields already. */
  static DeadLetter of(JsonNode letter, byte[] json) {
    String id = letter.path("dead_letter_id").asText();
    return new DeadLetter(
        id,
        "dead-letter/%s/%s/dt=%s/%s.json"
            .formatted(
                letter.path("stream").asText(),
                letter.path("stage").asText(),
                letter.path("time").asText().substring(0, "YYYY-MM-DD".length()),
                id),
        json);
  }

  /** JSON with the members of an object sorted, as {@code platform/src/events/identity.ts}. */
  private static String canonical(JsonNode source) {
    Map<String, JsonNode> sorted = new TreeMap<>();
    source.fields().forEachRemaining(member -> sorted.put(member.getKey(), member.getValue()));
    try {
      return JSON.writeValueAsString(sorted);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree is always writable", e);
    }
  }

  /** Encodes letters on their way to the store. */
  public static final class Coder extends DataCoder<DeadLetter> {
    private static final long serialVersionUID = 1L;

    @Override
    protected void write(DeadLetter letter, DataOutputStream out) throws IOException {
      writeText(letter.id, out);
      writeText(letter.path, out);
      writeBytes(letter.json, out);
    }

    @Override
    protected DeadLetter read(DataInputStream in) throws IOException {
      return new DeadLetter(readText(in), readText(in), readBytes(in));
    }
  }
}
