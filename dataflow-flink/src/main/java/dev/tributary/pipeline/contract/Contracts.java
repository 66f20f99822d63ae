package dev.tributary.pipeline.contract;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.ConfigurationException;
import java.io.Serializable;
import java.util.Map;
import java.util.Optional;

/** All compiled contracts, by stream. */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Contracts(Map<String, Contract> streams) implements Serializable {

  /**
   * Reads {@code contracts.json}.
   *
   * @throws ConfigurationException CONTRACTS_UNREADABLE when it is not the compiler's output
   */
  public static Contracts parse(String json) {
    try {
      Contracts contracts = new ObjectMapper().readValue(json, Contracts.class);
      if (contracts.streams == null || contracts.streams.isEmpty()) {
        throw new ConfigurationException(
            "CONTRACTS_UNREADABLE", "The contracts name no stream; run `npm run contracts`.");
      }
      return contracts;
    } catch (JsonProcessingException e) {
      throw new ConfigurationException(
          "CONTRACTS_UNREADABLE",
          "The contracts are not what `npm run contracts` writes: " + e.getOriginalMessage(),
          e);
    }
  }

  public Optional<Contract> stream(String name) {
    return Optional.ofNullable(streams.get(name));
  }
}
