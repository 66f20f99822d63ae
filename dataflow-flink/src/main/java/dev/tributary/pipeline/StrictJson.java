package dev.tributary.pipeline;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tributary.pipeline.Refusal.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * JSON read as written: exact decimals, no duplicate members, nothing after the value, UTF-8 only.
 */
public final class StrictJson {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonParser.Feature.AUTO_CLOSE_SOURCE)
          // Jackson's default drops trailing zeros, harmless here, yet the value should be as
          // written.
          .nodeFactory(
              com.fasterxml.jackson.databind.node.JsonNodeFactory.withExactBigDecimals(true))
          .build();

  private StrictJson() {}

  /**
   * @param format what it should be, for the message
   * @throws Refusal UNREADABLE; the message does not quote the text, which may be a person's
   */
  public static JsonNode readObject(byte[] data, String format) throws Refusal {
    JsonNode node;
    try {
      node = MAPPER.readTree(utf8(data));
    } catch (IOException e) {
      throw new Refusal(Reason.UNREADABLE, null, "A " + format + " is not JSON in UTF-8.");
    }
    if (node == null || !node.isObject()) {
      throw new Refusal(Reason.UNREADABLE, null, "A " + format + " is not a JSON object.");
    }
    return node;
  }

  /**
   * @throws CharacterCodingException where the bytes are not UTF-8, instead of replacing them
   */
  public static String utf8(byte[] data) throws CharacterCodingException {
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(data)).toString();
  }
}
