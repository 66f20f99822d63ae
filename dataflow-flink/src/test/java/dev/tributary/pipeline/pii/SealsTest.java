package dev.tributary.pipeline.pii;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tributary.pipeline.ConfigurationException;
import dev.tributary.pipeline.Samples;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.Test;

public class SealsTest {
  private final JsonNode vectors;
  private final Seals seals;

  public SealsTest() throws IOException {
    vectors = new ObjectMapper().readTree(Samples.resource("/vectors.json"));
    seals = new Seals(PiiKeys.parseAll(vectors.get("keys").toString(), "vectors"));
  }

  @Test
  public void sealsOfEveryLanguageAndKeyVersionAreOpened() {
    assertEquals(2, vectors.at("/keys/keys").size());
    for (JsonNode vector : vectors.get("seal")) {
      assertArrayEquals(
          Base64.getDecoder().decode(vector.get("plaintext").asText()),
          seals.open(bytes(vector.get("sealed").asText())));
    }
  }

  @Test
  public void whatIsNoSealIsLeftAsItIs() {
    for (String text :
        new String[] {"", "{\"a\":1}", "seal_v1_", "seal_v1_\u00e9", "seal_v1_AAAA"}) {
      assertArrayEquals(bytes(text), seals.open(bytes(text)));
    }
  }

  @Test
  public void aSealThatCannotBeOpenedSaysWhyAndNothingOfWhatItHolds() {
    String sealed = vectors.at("/seal/0/sealed").asText();
    String altered = sealed.replace("seal_v1_7", "seal_v1_8");
    assertEquals("UNSEAL_FAILED", refusal(seals, altered));
    ObjectNode keys = vectors.get("keys").deepCopy();
    keys.put("active", "v2");
    ((ObjectNode) keys.get("keys")).remove("v1");
    assertEquals(
        "UNSEAL_FAILED", refusal(new Seals(PiiKeys.parseAll(keys.toString(), "keys")), sealed));
  }

  private static String refusal(Seals seals, String sealed) {
    return assertThrows(ConfigurationException.class, () -> seals.open(bytes(sealed))).code();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
