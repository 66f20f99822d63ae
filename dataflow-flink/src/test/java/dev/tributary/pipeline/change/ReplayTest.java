package dev.tributary.pipeline.change;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.bus.BusMessage.Topic;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import java.io.IOException;
import java.util.TreeMap;
import org.junit.Test;

/** What the readings of a message that was a dead letter lead to. */
public class ReplayTest {
  private static final String GOOD =
      Samples.line(Samples.id(1), "o1-1", "2026-11-20T10:00:00.000001Z", "2.55", 6);
  private static final String BAD = GOOD.replace("\"quantity\":6", "\"quantity\":\"many\"");

  private final MessageReader reader =
      new MessageReader(
          Samples.CONTRACTS,
          Samples.FEATURES,
          new Protection(PiiKeys.parse(Samples.PII_KEYS, "keys")));

  @Test
  public void aGoodReadingAfterABadOnePasses() {
    Arrival refused = reader.read(message(BAD, null));
    Arrival taken = reader.read(message(GOOD, "1"));
    assertNotEquals(refused.id(), taken.id());
    assertNull(taken.letter());
    assertEquals(Samples.id(1), taken.id());
    // The first good reading and a second replay of it are one.
    assertEquals(taken.id(), reader.read(message(GOOD, "2")).id());
    assertEquals(taken.id(), reader.read(message(GOOD, null)).id());
  }

  @Test
  public void whatIsRefusedAgainIsALetterOfItsOwnThatCountsOn() throws IOException {
    Arrival first = reader.read(message(BAD, null));
    Arrival second = reader.read(message(BAD, "1"));
    assertNotEquals(first.id(), second.id());
    assertNotEquals(first.letter().id(), second.letter().id());
    assertEquals(1, attempt(first));
    assertEquals(2, attempt(second));
    assertEquals(3, attempt(reader.read(message(BAD, "2"))));
    // The same attempt twice is one letter.
    assertEquals(second.id(), reader.read(message(BAD, "1")).id());
    assertEquals(second.letter().id(), reader.read(message(BAD, "1")).letter().id());
  }

  @Test
  public void lettersAreNamedAsTheReplayExpects() {
    // platform/src/events: deadLetterId({stage: 'pipeline', eventId, attempt})
    assertEquals("aeb4bde88f4b8360d49c3911279eab5d", reader.read(message(BAD, null)).letter().id());
    assertEquals("0a0b98d77d77d176e4d8f0341940bea8", reader.read(message(BAD, "1")).letter().id());
  }

  @Test
  public void anAttributeOfThatNameWithAnotherMeaningCountsForNothing() throws IOException {
    for (String other : new String[] {"yes", "", "-1", "99999999999999999999"}) {
      assertEquals(1, attempt(reader.read(message(BAD, other))));
    }
  }

  private static int attempt(Arrival arrival) throws IOException {
    JsonNode letter = new ObjectMapper().readTree(arrival.letter().json());
    return letter.path("attempt").intValue();
  }

  private static BusMessage message(String data, String replay) {
    BusMessage plain = Samples.message(Topic.CHANGES, 7, data);
    TreeMap<String, String> attributes = new TreeMap<>(plain.attributes());
    if (replay != null) {
      attributes.put("replay", replay);
    }
    return new BusMessage(
        plain.topic(),
        plain.topicName(),
        attributes,
        plain.data(),
        plain.partition(),
        plain.offset(),
        null,
        plain.publishedAt());
  }
}
