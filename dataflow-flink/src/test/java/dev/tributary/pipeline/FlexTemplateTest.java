package dev.tributary.pipeline;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.beans.IntrospectionException;
import java.beans.Introspector;
import java.beans.PropertyDescriptor;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.options.Validation;
import org.junit.Before;
import org.junit.Test;

/** The Flex Template's parameters are the pipeline's options. */
public class FlexTemplateTest {
  /** Kafka's, which Dataflow is not started with. */
  private static final Set<String> NOT_OF_DATAFLOW =
      Set.of("bootstrap", "topicPrefix", "consumerGroup");

  private static final Pattern EXAMPLE = Pattern.compile("Example: `(.+)`$");

  /** For each parameter, what people get wrong. */
  private static final Map<String, List<String>> WRONG =
      Map.ofEntries(
          Map.entry("source", List.of("kafka", "Pubsub", "")),
          Map.entry("lake", List.of("gs://lake-1/", "lake-1", "s3://lake-1", "gs://", "gs://A")),
          Map.entry("piiKeysFile", List.of("/secrets/pii-keys.json", "gs://keys", "gs://keys/")),
          Map.entry("contracts", List.of("{}", "contracts.json", "gs://lake-1/contracts.yaml")),
          Map.entry("features", List.of("{}", "features.json")),
          Map.entry(
              "changesSubscription",
              List.of("changes", "projects/p/topics/changes", "projects/p/subscriptions/1x")),
          Map.entry("deadLetterSubscription", List.of("dead-letter", "projects/p/topics/d-l")),
          Map.entry("featuresTopic", List.of("features", "projects/p/subscriptions/features")),
          Map.entry(
              "bigqueryDataset", List.of("streamed", "my-project.streamed", "my-project:a-b")),
          Map.entry("flushSeconds", List.of("0", "-5", "1m", "5.5")),
          Map.entry("maxFileBytes", List.of("0", "67108865", "70000000", "100000000", "64MiB")),
          Map.entry("dedupeTtlHours", List.of("0", "1d")),
          Map.entry("entityMemoryDays", List.of("0", "")),
          Map.entry("input", List.of("landing/a.csv", "gs://landing-1/", "s3://landing/a.csv")),
          Map.entry("stream", List.of("Orders", "../up", "order-lines")),
          Map.entry("format", List.of("xlsx", "CSV")),
          Map.entry("subject", List.of("", "Customer", "a b")),
          Map.entry("erasure", List.of("", "erasures/list.json", "gs://lake-1/erasures/open/x")),
          Map.entry("countOnly", List.of("", "yes", "1")),
          Map.entry("compression", List.of("zip", "gz")),
          Map.entry("mapping", List.of("orders.yaml", "[]")),
          Map.entry(
              "report", List.of("/abs/report.json", "gs://lake-1/report.json", "report.json")),
          Map.entry("generation", List.of("latest", "-1", "1e3")),
          Map.entry("objectTime", List.of("yesterday", "2026-11-21", "2026-11-21T05:20:02")),
          Map.entry("run", List.of("../up", "-x", "")),
          Map.entry("from", List.of("soon", "2026-11-21 05:00:00Z")),
          Map.entry("to", List.of("soon", "1795238402123")),
          Map.entry("settleSeconds", List.of("-1", "5m")),
          Map.entry("olderThanSeconds", List.of("-1", "1h")),
          Map.entry("compactedFileBytes", List.of("0", "128MiB")));

  private JsonNode metadata;
  private Map<String, JsonNode> parameters;
  private Map<String, PropertyDescriptor> options;

  @Before
  public void setUp() throws IOException, IntrospectionException {
    metadata = new ObjectMapper().readTree(new File("flex-template/metadata.json"));
    parameters = new TreeMap<>();
    metadata.get("parameters").forEach(it -> parameters.put(it.get("name").asText(), it));
    options = new TreeMap<>();
    for (PropertyDescriptor option :
        Introspector.getBeanInfo(TributaryOptions.class).getPropertyDescriptors()) {
      options.put(option.getName(), option);
    }
  }

  @Test
  public void theParametersAreTheOptionsWithoutKafkas() {
    Set<String> expected = new TreeSet<>(options.keySet());
    expected.removeAll(NOT_OF_DATAFLOW);
    assertEquals(expected, parameters.keySet());
    assertEquals("no name twice", parameters.size(), metadata.get("parameters").size());
    assertTrue(metadata.get("streaming").asBoolean());
  }

  @Test
  public void whatIsRequiredIsAndADefaultIsTheOptions() {
    TributaryOptions defaults = PipelineOptionsFactory.create().as(TributaryOptions.class);
    parameters.forEach(
        (name, parameter) -> {
          boolean required =
              options.get(name).getReadMethod().isAnnotationPresent(Validation.Required.class);
          // The option's default is the laptop's source.
          assertEquals(
              name, required || name.equals("source"), !parameter.get("isOptional").asBoolean());
          if (!required && !name.equals("source")) {
            Object value = valueOf(defaults, name);
            assertEquals(
                name,
                value == null ? null : value.toString(),
                parameter.path("defaultValue").textValue());
          }
        });
  }

  @Test
  public void everyParameterIsToldAndTakesItsExampleAndItsDefault() {
    parameters.forEach(
        (name, parameter) -> {
          assertFalse(name, parameter.get("label").asText().isBlank());
          Matcher example = EXAMPLE.matcher(parameter.get("helpText").asText());
          assertTrue(name + " has an example", example.find());
          assertTrue(name + " takes " + example.group(1), accepts(parameter, example.group(1)));
          if (parameter.has("defaultValue")) {
            assertTrue(name, accepts(parameter, parameter.get("defaultValue").asText()));
          }
          parameter
              .path("enumOptions")
              .forEach(it -> assertTrue(name, accepts(parameter, it.get("value").asText())));
        });
  }

  @Test
  public void everyParameterRefusesWhatPeopleGetWrong() {
    assertEquals(parameters.keySet(), new TreeSet<>(WRONG.keySet()));
    WRONG.forEach(
        (name, values) ->
            values.forEach(
                value ->
                    assertFalse(name + " takes " + value, accepts(parameters.get(name), value))));
  }

  @Test
  public void theExamplesOfEachModeMakeAJob() {
    assertJob("pubsub", "changesSubscription", "deadLetterSubscription", "featuresTopic");
    assertJob("files", "input", "stream", "format", "generation", "objectTime");
    assertJob("backfill", "run", "stream", "from", "to");
    assertJob("compact", "run");
    assertJob("erase", "run", "subject", "erasure", "countOnly");
  }

  private void assertJob(String source, String... names) {
    List<String> args = new ArrayList<>(List.of("--source=" + source));
    Stream.concat(Stream.of("lake", "piiKeysFile"), Stream.of(names))
        .forEach(name -> args.add("--" + name + "=" + example(name)));
    TributaryOptions started =
        PipelineOptionsFactory.fromArgs(args.toArray(String[]::new))
            .withValidation()
            .as(TributaryOptions.class);
    started.setContracts(Samples.resource("/sample-contracts.json"));
    started.setFeatures(Samples.resource("/sample-features.json"));
    Main.build(started);
    assertEquals(source, source.equals("pubsub"), started.isStreaming());
  }

  private String example(String name) {
    Matcher example = EXAMPLE.matcher(parameters.get(name).get("helpText").asText());
    assertTrue(example.find());
    return example.group(1);
  }

  private static boolean accepts(JsonNode parameter, String value) {
    List<String> regexes = new ArrayList<>();
    parameter.get("regexes").forEach(regex -> regexes.add(regex.asText()));
    assertFalse(regexes.isEmpty());
    return regexes.stream().allMatch(regex -> Pattern.compile(regex).matcher(value).find());
  }

  private Object valueOf(TributaryOptions defaults, String name) {
    try {
      return options.get(name).getReadMethod().invoke(defaults);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }
}
