package dev.tributary.pipeline.feature;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.ConfigurationException;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.contract.Decimals;
import dev.tributary.pipeline.contract.FieldReader;
import dev.tributary.pipeline.contract.FieldType;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;

/** Reads {@code features.json}: the windowed groups, checked against the contracts. */
public record FeatureGroups(List<FeatureGroup> groups) implements Serializable {
  private static final long MICROS_PER_SECOND = 1_000_000L;
  private static final Set<String> FIXED_MEMBERS =
      Set.of("stream", "entity_field", "event_time", "ops");

  /** Totals of more decimal places would leave too little room before the point. */
  private static final int MAX_NUMERICS = 2;

  private static final Set<FieldType> NUMBERS = Set.of(FieldType.INT64, FieldType.NUMERIC);

  /**
   * @throws ConfigurationException FEATURES_UNREADABLE where it is not the compiler's output, or
   *     does not fit the contracts
   */
  public static FeatureGroups parse(String json, Contracts contracts) {
    JsonNode root;
    try {
      root = new ObjectMapper().readTree(json);
    } catch (JsonProcessingException e) {
      throw unreadable("it is not JSON: " + e.getOriginalMessage());
    }
    List<FeatureGroup> groups = new ArrayList<>();
    for (JsonNode node : required(root, "groups")) {
      groups.add(group(node, contracts));
    }
    return new FeatureGroups(List.copyOf(groups));
  }

  public FeatureGroup group(String name) {
    return groups.stream().filter(group -> group.name().equals(name)).findFirst().orElseThrow();
  }

  private static FeatureGroup group(JsonNode node, Contracts contracts) {
    Set<String> measures = new LinkedHashSet<>();
    List<FeatureGroup.Source> sources = new ArrayList<>();
    for (JsonNode source : required(node, "sources")) {
      sources.add(source(source, contracts, measures));
    }
    List<String> measureNames = List.copyOf(measures);
    Map<String, Long> windows = new HashMap<>();
    for (JsonNode window : required(node, "windows")) {
      windows.put(
          required(window, "name").asText(),
          required(window, "seconds").asLong() * MICROS_PER_SECOND);
    }
    List<FeatureGroup.Feature> features = new ArrayList<>();
    for (JsonNode feature : required(node, "features")) {
      features.add(feature(feature, windows, measureNames));
    }
    return new FeatureGroup(
        required(node, "name").asText(),
        required(required(node, "entity"), "joinKey").asText(),
        required(node, "hop_seconds").asLong() * MICROS_PER_SECOND,
        measureNames,
        scale(sources, contracts),
        List.copyOf(sources),
        List.copyOf(features));
  }

  /** Each NUMERIC factor has so many decimal places, so a product has them all. */
  private static int scale(List<FeatureGroup.Source> sources, Contracts contracts) {
    int most = 0;
    for (FeatureGroup.Source source : sources) {
      Contract contract = contracts.stream(source.stream()).orElseThrow();
      for (FeatureGroup.Measure measure : source.measures().values()) {
        most = Math.max(most, numerics(measure.multiply(), contract));
      }
    }
    return most * Decimals.SCALE;
  }

  private static int numerics(List<String> factors, Contract contract) {
    return (int) factors.stream().filter(f -> type(contract, f) == FieldType.NUMERIC).count();
  }

  private static FeatureGroup.Source source(
      JsonNode node, Contracts contracts, Set<String> measureNames) {
    String stream = required(node, "stream").asText();
    Contract contract =
        contracts.stream(stream)
            .orElseThrow(() -> unreadable("it reads stream " + stream + ", which has no contract"));
    Map<String, FeatureGroup.Measure> measures = new HashMap<>();
    node.fields()
        .forEachRemaining(
            member -> {
              if (!FIXED_MEMBERS.contains(member.getKey())) {
                measures.put(member.getKey(), measure(member.getValue(), contract));
                measureNames.add(member.getKey());
              }
            });
    String eventTime = required(node, "event_time").asText();
    check(
        type(contract, eventTime) == FieldType.TIMESTAMP, stream + "." + eventTime + " is no time");
    String entity = required(node, "entity_field").asText();
    type(contract, entity);
    StringBuilder ops = new StringBuilder();
    required(node, "ops").forEach(op -> ops.append(op.asText()));
    return new FeatureGroup.Source(stream, entity, eventTime, ops.toString(), Map.copyOf(measures));
  }

  private static FeatureGroup.Measure measure(JsonNode node, Contract contract) {
    List<String> factors =
        StreamSupport.stream(required(node, "multiply").spliterator(), false)
            .map(JsonNode::asText)
            .toList();
    for (String factor : factors) {
      check(
          NUMBERS.contains(type(contract, factor)),
          contract.stream() + "." + factor + " is no exact number and cannot be multiplied");
    }
    check(
        factors.stream().filter(f -> type(contract, f) == FieldType.NUMERIC).count()
            <= MAX_NUMERICS,
        contract.stream() + " multiplies more NUMERICs than add up exactly");
    JsonNode where = node.path("where");
    if (where.isMissingNode()) {
      return new FeatureGroup.Measure(factors, null, null);
    }
    String field = required(where, "field").asText();
    type(contract, field);
    return new FeatureGroup.Measure(factors, field, required(where, "equals").asText());
  }

  private static FeatureGroup.Feature feature(
      JsonNode node, Map<String, Long> windows, List<String> measures) {
    String name = required(node, "name").asText();
    Long window = windows.get(required(node, "window").asText());
    check(window != null, name + " has a window that its group does not name");
    String kind = required(node, "kind").asText();
    return switch (kind) {
      case "count" -> new FeatureGroup.Feature(name, window, -1);
      case "sum" -> {
        int measure = measures.indexOf(required(node, "measure").asText());
        check(measure >= 0, name + " sums a measure that no source has");
        yield new FeatureGroup.Feature(name, window, measure);
      }
      default ->
          throw unreadable(name + " is a " + kind + ", and the pipeline knows count and sum");
    };
  }

  private static FieldType type(Contract contract, String field) {
    return contract
        .field(field)
        .filter(found -> contract.storedFields().contains(found))
        .map(FieldReader::columnType)
        .orElseThrow(
            () -> unreadable("the contract of " + contract.stream() + " has no field " + field));
  }

  private static JsonNode required(JsonNode node, String member) {
    JsonNode value = node.path(member);
    check(!value.isMissingNode() && !value.isNull(), "it lacks " + member);
    return value;
  }

  private static void check(boolean holds, String problem) {
    if (!holds) {
      throw unreadable(problem);
    }
  }

  private static ConfigurationException unreadable(String problem) {
    return new ConfigurationException(
        "FEATURES_UNREADABLE",
        "features.json is not usable: " + problem + "; compile the feature groups again.");
  }
}
