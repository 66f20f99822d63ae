package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.ConfigurationException;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Field;
import java.io.Serializable;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a dataset's files become rows of a stream: contracts/README.md, "Load files of your own". The
 * contract compiler wrote it, so that what it names is there.
 *
 * @param columns the columns' names where the file has no line that names them, else null
 * @param nulls texts that mean null
 * @param ignore columns that are there and not read
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Mapping(
    String stream,
    Csv csv,
    List<String> columns,
    List<String> nulls,
    List<String> ignore,
    List<Rule> fields)
    implements Serializable {

  /** In a template, the number of the row's first line. */
  static final String LINE = "_line";

  /** A column in a template. */
  static final Pattern PLACEHOLDER = Pattern.compile("\\{([^{}]+)}");

  /**
   * How lines become cells.
   *
   * @param quote null where quotes are ordinary characters
   */
  public record Csv(char delimiter, Character quote, String encoding) implements Serializable {
    static final Csv RFC_4180 = new Csv(',', '"', "UTF-8");
  }

  /**
   * Where a field's value comes from: one of column, template and constant.
   *
   * @param values what a text of the column turns into, or null; the first that matches counts
   * @param time how a column's text is read as a time, or null
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Rule(
      String field, String column, String template, String constant, List<Value> values, Time time)
      implements Serializable {

    /** The columns it reads. */
    Set<String> columns() {
      Set<String> names = new LinkedHashSet<>();
      if (column != null) {
        names.add(column);
      }
      if (template != null) {
        Matcher placeholders = PLACEHOLDER.matcher(template);
        while (placeholders.find()) {
          if (!placeholders.group(1).equals(LINE)) {
            names.add(placeholders.group(1));
          }
        }
      }
      return names;
    }
  }

  /**
   * @param match a regular expression of the whole text
   * @param to what it turns into; {@code $1} is its first group
   */
  public record Value(String match, String to) implements Serializable {}

  /**
   * @param format a pattern of {@link java.time.format.DateTimeFormatter}, or {@code
   *     epoch_seconds}, {@code epoch_milliseconds}, {@code epoch_microseconds}
   * @param zone of times that name none, or null
   */
  public record Time(String format, String zone) implements Serializable {}

  /** Columns are called as the contract's fields, and nothing is left out. */
  public static Mapping identity(Contract contract) {
    List<Rule> rules =
        contract.fields().stream()
            .filter(field -> field.lookup() == null)
            .map(field -> new Rule(field.name(), field.name(), null, null, null, null))
            .toList();
    return new Mapping(contract.stream(), Csv.RFC_4180, null, List.of(), List.of(), rules);
  }

  /**
   * Reads one dataset of {@code mappings.json}.
   *
   * @throws ConfigurationException MAPPING_INVALID when it is not what the compiler writes, or not
   *     for this contract
   */
  public static Mapping parse(String json, Contract contract) {
    try {
      Mapping mapping = new ObjectMapper().readValue(json, Mapping.class);
      mapping.check(contract);
      return mapping;
    } catch (JsonProcessingException e) {
      throw new ConfigurationException(
          "MAPPING_INVALID",
          "--mapping is not what `npm run contracts` writes: " + e.getOriginalMessage(),
          e);
    }
  }

  Optional<Rule> rule(String field) {
    return fields.stream().filter(rule -> rule.field.equals(field)).findFirst();
  }

  /** The columns that fields are made of. */
  Set<String> used() {
    Set<String> names = new LinkedHashSet<>();
    fields.forEach(rule -> names.addAll(rule.columns()));
    return names;
  }

  private void check(Contract contract) {
    if (csv == null || nulls == null || ignore == null || fields == null) {
      throw invalid("it is not spelt out; run `npm run contracts`");
    }
    if (!contract.stream().equals(stream)) {
      throw invalid("it is for the stream " + stream + ", not for " + contract.stream());
    }
    for (Rule rule : fields) {
      Field field =
          contract
              .field(rule.field)
              .orElseThrow(() -> invalid(stream + " has no field " + rule.field));
      try {
        new FieldRule(rule, field, nulls);
      } catch (IllegalArgumentException | java.time.DateTimeException e) {
        throw invalid(rule.field + ": " + e.getMessage());
      }
    }
  }

  private static ConfigurationException invalid(String problem) {
    return new ConfigurationException("MAPPING_INVALID", "--mapping: " + problem);
  }
}
