package dev.tributary.pipeline.pii;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.ConfigurationException;
import dev.tributary.pipeline.Samples;
import java.util.Base64;
import org.junit.Test;

public class ProtectionTest {
  private final JsonNode vectors = read();

  @Test
  public void tokensEqualThoseOfEveryOtherLanguage() {
    Protection protection =
        new Protection(PiiKeys.parse(vectors.get("keys").toString(), "vectors"));
    assertFalse(vectors.get("tokenize").isEmpty());
    for (JsonNode vector : vectors.get("tokenize")) {
      assertEquals(vector.get("token").asText(), protection.tokenize(vector.get("value").asText()));
    }
  }

  @Test
  public void masksEqualThoseOfEveryOtherLanguage() {
    assertFalse(vectors.get("mask").isEmpty());
    for (JsonNode vector : vectors.get("mask")) {
      assertEquals(
          vector.get("masked").asText(),
          Protection.mask(vector.get("value").asText(), vector.get("keep").asText()));
    }
  }

  @Test
  public void sealsEqualThoseOfEveryOtherLanguage() {
    assertFalse(vectors.get("seal").isEmpty());
    for (JsonNode vector : vectors.get("seal")) {
      Protection protection =
          new Protection(
              PiiKeys.version(vectors.get("keys"), vector.get("version").asText(), "vectors"));
      assertEquals(
          vector.get("sealed").asText(),
          protection.seal(Base64.getDecoder().decode(vector.get("plaintext").asText())));
    }
  }

  @Test
  public void aKeyOfTheWrongLengthIsRefusedWithoutRepeatingIt() {
    String key = Base64.getEncoder().encodeToString(new byte[31]);
    ConfigurationException refused =
        assertThrows(
            ConfigurationException.class,
            () ->
                PiiKeys.parse(
                    "{\"active\":\"v1\",\"keys\":{\"v1\":\"%s\"}}".formatted(key), "keys.json"));
    assertEquals("PII_KEYS_INVALID", refused.code());
    assertTrue(refused.getMessage().contains("31 bytes"));
    assertFalse(refused.getMessage().contains(key));
  }

  private static JsonNode read() {
    try {
      return new ObjectMapper().readTree(Samples.resource("/vectors.json"));
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }
}
