package dev.tributary.pipeline.erasure;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.ConfigurationException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Who was erased and must not come back: docs/interfaces.md#erasures. It tells nobody's identity,
 * only what a keyed hash of one is compared with.
 *
 * @param subjects the ids of erasures, by what was erased, such as {@code customer}
 */
record ErasureList(Map<String, Set<String>> subjects) {
  static final ErasureList EMPTY = new ErasureList(Map.of());

  /**
   * @throws ConfigurationException ERASURES_UNREADABLE: to go on without it would bring people back
   */
  static ErasureList parse(byte[] json) {
    try {
      Map<String, Set<String>> subjects = new HashMap<>();
      for (Map.Entry<String, JsonNode> subject :
          new ObjectMapper().readTree(json).required("subjects").properties()) {
        Set<String> ids = new HashSet<>();
        subject.getValue().forEach(id -> ids.add(id.asText()));
        if (!ids.isEmpty()) {
          subjects.put(subject.getKey(), ids);
        }
      }
      return new ErasureList(subjects);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new ConfigurationException(
          "ERASURES_UNREADABLE",
          "erasures/list.json of the lake is not what `npm run erase` writes; restore it.");
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  boolean isEmpty() {
    return subjects.isEmpty();
  }

  boolean holds(String subject, String erasureId) {
    return subjects.getOrDefault(subject, Set.of()).contains(erasureId);
  }
}
