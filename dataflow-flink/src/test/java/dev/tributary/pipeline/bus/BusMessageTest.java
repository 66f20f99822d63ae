package dev.tributary.pipeline.bus;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;

import dev.tributary.pipeline.bus.BusMessage.Topic;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.apache.beam.sdk.util.CoderUtils;
import org.junit.Test;

public class BusMessageTest {
  @Test
  public void aMessageTravelsWithItsKeyAndWithoutOne() throws IOException {
    BusMessage bare =
        new BusMessage(
            Topic.CHANGES,
            "tributary.changes",
            new TreeMap<>(Map.of("id", "1")),
            new byte[] {1, 2},
            3,
            4L,
            null,
            5L);
    assertNull(copy(bare).key());
    BusMessage keyed =
        new BusMessage(
            bare.topic(),
            bare.topicName(),
            bare.attributes(),
            bare.data(),
            null,
            null,
            "m-1",
            5L,
            new byte[] {9});
    assertArrayEquals(new byte[] {9}, copy(keyed).key());
    assertArrayEquals(keyed.data(), copy(keyed).data());
    assertEquals(keyed.position(), copy(keyed).position());
    assertEquals(5L, copy(keyed).publishedAt());
  }

  private static BusMessage copy(BusMessage message) throws IOException {
    BusMessage.Coder coder = new BusMessage.Coder();
    return CoderUtils.decodeFromByteArray(coder, CoderUtils.encodeToByteArray(coder, message));
  }
}
