package dev.tributary.pipeline.change;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Samples;
import java.nio.charset.StandardCharsets;
import org.junit.Test;

public class EnvelopeTest {
  private static final String CHANGE =
      Samples.change(
          Samples.id(1),
          "products",
          "c",
          "{\"product_id\":\"P\"}",
          "null",
          "{\"unit_price\":null}");

  @Test
  public void whatOnlyTheRawTableKeepsIsNoFault() throws Refusal {
    for (String member :
        new String[] {
          "\"exact\":{\"after\":{\"unit_price\":\"NAN\"}}", "\"unknown\":\"seal_v1_x\""
        }) {
      Envelope event = parse(CHANGE.replaceFirst("\\{", "{" + member + ","));
      assertEquals(Samples.id(1), event.eventId());
      assertEquals(1, event.after().size());
    }
  }

  @Test
  public void anyOtherMemberIs() {
    Refusal refused =
        assertThrows(Refusal.class, () -> parse(CHANGE.replaceFirst("\\{", "{\"extra\":1,")));
    assertEquals(Refusal.Reason.UNREADABLE, refused.reason());
  }

  private static Envelope parse(String json) throws Refusal {
    return Envelope.parse(json.getBytes(StandardCharsets.UTF_8));
  }
}
