package dev.tributary.pipeline.erasure;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import dev.tributary.pipeline.pii.Seals;
import java.io.IOException;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tells data of people who were erased. Whatever has a member that some contract declares as the
 * number of one, with an erased value, is theirs; so messages of producers that no contract knows
 * are told, too. Not thread-safe.
 *
 * <p>Where nobody was erased, nothing is looked into.
 */
public final class ErasedSubjects {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Keyed hashes are the whole cost; most numbers come again. */
  private static final int REMEMBERED = 100_000;

  private final ErasureList list;
  private final Map<String, String> subjectByMember = new HashMap<>();
  private final Collection<Protection> keys;
  private final Seals seals;
  private final Map<String, Boolean> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > REMEMBERED;
        }
      };

  ErasedSubjects(ErasureList list, Contracts contracts, Map<String, PiiKeys> keys) {
    this.list = list;
    this.keys = keys.values().stream().map(Protection::new).toList();
    this.seals = new Seals(keys);
    for (Contract contract : contracts.streams().values()) {
      contract.subject().ifPresent(field -> subjectByMember.put(field.name(), field.subject()));
    }
  }

  /** Whether the message is about somebody who was erased. */
  public boolean concern(BusMessage message) {
    if (list.isEmpty()) {
      return false;
    }
    return switch (message.topic()) {
      case CHANGES ->
          JsonScalars.any(message.data(), this::isErased)
              || (message.key() != null && JsonScalars.any(message.key(), this::isErased));
      case DEAD_LETTER -> concernsLetter(message.data());
    };
  }

  /**
   * Whether a row of a stream is.
   *
   * @param id the value of the contract's subject field, or null
   */
  public boolean concern(String subject, Object id) {
    return !list.isEmpty() && id != null && isErasedOf(subject, id.toString());
  }

  private boolean concernsLetter(byte[] data) {
    try {
      JsonNode letter = JSON.readTree(data);
      if (letter == null) {
        return false;
      }
      byte[] payload = Base64.getDecoder().decode(letter.path("payload").asText(""));
      return JsonScalars.any(
          letter.path("sealed").asBoolean() ? seals.open(payload) : payload,
          (name, value) -> isErased(name, value) || isEntity(letter, name, value));
    } catch (IOException | IllegalArgumentException e) {
      // No letter: what it is, its reader decides.
      return false;
    }
  }

  /** A LATE letter has the entity's bare value, under no name of a contract. */
  private boolean isEntity(JsonNode letter, String name, String value) {
    return "LATE".equals(letter.path("reason").asText())
        && "entity".equals(name)
        && list.subjects().keySet().stream().anyMatch(subject -> isErasedOf(subject, value));
  }

  private boolean isErased(String member, String value) {
    String subject = member == null ? null : subjectByMember.get(member);
    return subject != null && isErasedOf(subject, value);
  }

  private boolean isErasedOf(String subject, String value) {
    return known.computeIfAbsent(
        subject + "|" + value,
        unused ->
            keys.stream().anyMatch(key -> list.holds(subject, key.erasureId(subject, value))));
  }
}
