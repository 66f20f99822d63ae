package dev.tributary.pipeline.change.debezium;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.change.Arrival;
import dev.tributary.pipeline.change.MessageReader;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.Before;
import org.junit.Test;

/**
 * Real changes of a table of every type, recorded from several producers: whoever wrote one, the
 * row, its id and its place are those the bridge's event leads to.
 */
public class ProducersTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<JsonNode> cases = new ArrayList<>();
  private JsonNode schemas;
  private MessageReader reader;

  @Before
  public void setUp() throws Exception {
    for (String line : Samples.resource("/producers.ndjson").lines().toList()) {
      // As doubles: an exact decimal would lose the sign of a zero.
      cases.add(JSON.readTree(line));
    }
    JsonNode head = cases.remove(0);
    schemas = head.get("schemas");
    ObjectNode contracts = JsonNodeFactory.instance.objectNode();
    contracts.putObject("streams").set("values", head.get("contract"));
    reader =
        new MessageReader(
            Contracts.parse(contracts.toString()),
            Samples.FEATURES,
            new Protection(PiiKeys.parse(head.get("keys").toString(), "recording")));
  }

  @Test
  public void everyProducersMessageLeadsToTheRowOfTheBridgesEvent() {
    int rows = 0;
    for (JsonNode recorded : cases) {
      JsonNode event = recorded.at("/expected/event");
      if (event.isMissingNode()) {
        continue;
      }
      Arrival ofBridge = read(event);
      for (Map.Entry<String, JsonNode> message : messages(recorded).entrySet()) {
        String what = event.get("op").asText() + " " + event.get("key") + message.getKey();
        Arrival arrival = read(message.getValue());
        assertEquals(what, null, arrival.letter());
        assertEquals(what, ofBridge.id(), arrival.id());
        Arrival.Filed expected = processed(ofBridge);
        Arrival.Filed actual = processed(arrival);
        assertEquals(what, expected.partition(), actual.partition());
        assertSameRow(what, expected.row(), actual.row());
        rows++;
      }
    }
    assertTrue("rows compared: " + rows, rows >= 32);
  }

  @Test
  public void whatTheBridgeFindsUnrepresentableIsSoForEveryProducer() {
    int letters = 0;
    for (JsonNode recorded : cases) {
      JsonNode refused = recorded.at("/expected/refused");
      if (refused.isMissingNode()) {
        continue;
      }
      for (Map.Entry<String, JsonNode> message : messages(recorded).entrySet()) {
        Arrival arrival = read(message.getValue());
        JsonNode letter = json(arrival.letter().json());
        assertEquals(refused.get("reason"), letter.get("reason"));
        assertEquals(refused.get("field"), letter.get("field"));
        assertEquals("values", letter.get("stream").asText());
        assertEquals(1, arrival.rows().size());
        letters++;
      }
    }
    assertTrue("letters: " + letters, letters >= 52);
  }

  @Test
  public void aMessageThatMayHoldPersonalDataIsStoredSealedOnly() {
    JsonNode first = messages(cases.get(0)).get("default");
    assertTrue(first.toString().contains("naïve ☂"));
    Arrival arrival = read(first);
    LakeRow raw = arrival.rows().get(0).row();
    assertEquals(Table.RAW, arrival.rows().get(0).partition().table());
    assertTrue(new String((byte[]) raw.values()[2], StandardCharsets.UTF_8).startsWith("seal_"));
  }

  /** The engine's own message and each producer's, the latter within its schema. */
  private Map<String, JsonNode> messages(JsonNode recorded) {
    Map<String, JsonNode> messages = new TreeMap<>();
    messages.put("engine", recorded.get("engine"));
    recorded
        .get("producers")
        .fields()
        .forEachRemaining(
            message -> {
              ObjectNode wrapped = JsonNodeFactory.instance.objectNode();
              wrapped.set("schema", schemas.get(message.getKey()));
              wrapped.set("payload", message.getValue());
              messages.put(message.getKey(), wrapped);
            });
    return messages;
  }

  private Arrival read(JsonNode message) {
    return reader.read(Samples.message(BusMessage.Topic.CHANGES, 1, message.toString()));
  }

  private static Arrival.Filed processed(Arrival arrival) {
    return arrival.rows().stream()
        .filter(filed -> filed.partition().table().equals(Table.PROCESSED))
        .findFirst()
        .orElseThrow();
  }

  private static void assertSameRow(String what, LakeRow expected, LakeRow actual) {
    assertEquals(what, expected.id(), actual.id());
    assertEquals(what, expected.values().length, actual.values().length);
    int ingestedAt = 6;
    for (int i = 0; i < expected.values().length; i++) {
      if (i == ingestedAt) {
        continue;
      }
      String column = what + " column " + i;
      if (expected.values()[i] instanceof byte[] bytes) {
        assertArrayEquals(column, bytes, (byte[]) actual.values()[i]);
      } else {
        assertEquals(column, expected.values()[i], actual.values()[i]);
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
}
