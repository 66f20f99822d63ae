package dev.tributary.pipeline.erasure;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.ConfigurationException;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Whom to erase, and by what else data of theirs is told: {@code erasures/open/<id>.sealed},
 * written by {@code run-services/erase}. In memory only; what is stored of it is sealed.
 *
 * @param subject such as {@code customer}
 * @param id the person's, as text
 * @param keys primary keys of the person's rows, by stream, each as {@link #key} joins it
 * @param tokens of the person's values, which nobody else's rows have
 */
record EraseRequest(String subject, String id, Map<String, Set<String>> keys, Set<String> tokens) {
  /** No text value has it. */
  private static final String BETWEEN = "\u0000";

  static EraseRequest parse(byte[] json) {
    try {
      JsonNode request = new ObjectMapper().readTree(json);
      Map<String, Set<String>> keys = new HashMap<>();
      request
          .required("keys")
          .properties()
          .forEach(
              stream -> {
                Set<String> ofStream = new HashSet<>();
                stream
                    .getValue()
                    .forEach(
                        key -> {
                          Object[] parts = new Object[key.size()];
                          for (int i = 0; i < parts.length; i++) {
                            parts[i] = key.get(i).asText();
                          }
                          ofStream.add(key(parts));
                        });
                keys.put(stream.getKey(), ofStream);
              });
      Set<String> tokens = new HashSet<>();
      request.required("tokens").forEach(token -> tokens.add(token.asText()));
      return new EraseRequest(
          request.required("subject").asText(), request.required("id").asText(), keys, tokens);
    } catch (IOException | IllegalArgumentException e) {
      // Without the parser's message, which quotes the text.
      throw new ConfigurationException(
          "ERASE_REQUEST_UNREADABLE",
          "--erasure is not what `npm run erase` writes; run that command again.");
    }
  }

  /** A key of one or more fields as one text. */
  static String key(Object[] parts) {
    StringBuilder key = new StringBuilder();
    for (Object part : parts) {
      key.append(part).append(BETWEEN);
    }
    return key.toString();
  }

  boolean hasKey(String stream, String key) {
    return keys.getOrDefault(stream, Set.of()).contains(key);
  }
}
