package dev.tributary.pipeline;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.BeforeClass;
import org.junit.ClassRule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** What Dataflow would be asked to run, as its runner writes it down. */
public class DataflowGraphTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @ClassRule public static final TemporaryFolder FOLDER = new TemporaryFolder();

  private static JsonNode job;

  @BeforeClass
  public static void exportTheJob() throws IOException {
    job = export();
  }

  @Test
  public void theJobReadsWithIdsAndKeepsItsStateByKey() {
    Map<String, JsonNode> steps = steps(job);
    assertEquals("JOB_TYPE_STREAMING", job.at("/type").asText());
    List<String> experiments =
        JSON.convertValue(
            job.at("/environment/experiments"),
            JSON.getTypeFactory().constructCollectionType(List.class, String.class));
    assertTrue(experiments.toString(), experiments.contains("enable_streaming_engine"));
    // Dataflow's own sink would have refused the ordering keys while this graph was made.
    assertTrue(experiments.toString(), experiments.contains("enable_custom_pubsub_sink"));

    for (String topic : List.of("Changes", "DeadLetters")) {
      JsonNode source = steps.get("Bus/Read" + topic + "/PubsubUnboundedSource");
      assertEquals("ParallelRead", source.get("kind").asText());
      assertEquals("pubsub", property(source, "format"));
      assertEquals("ce-id", property(source, "pubsub_id_label"));
      assertTrue(
          "attributes are read", source.at("/properties").has("pubsub_serialized_attributes_fn"));
    }
    assertEquals(
        "/subscriptions/demo-project/changes",
        property(steps.get("Bus/ReadChanges/PubsubUnboundedSource"), "pubsub_subscription"));

    Map<String, Set<String>> sources = producers(job);
    assertEquals(Set.of("Bus/Both"), sources.get("Stream/Parse"));
    assertEquals(Set.of("Stream/Parse"), sources.get("Stream/Deduplicate"));
    for (String step : List.of("Stream/LookUp", "Stream/Encode", "Stream/Windows")) {
      assertEquals(step, Set.of("Stream/Deduplicate"), sources.get(step));
    }
    assertEquals(Set.of("Stream/LookUp"), sources.get("Stream/EncodeLookedUp"));
    assertEquals(Set.of("Stream/Encode", "Stream/EncodeLookedUp"), sources.get("Stream/Segments"));
    assertEquals(Set.of("Stream/Segments"), sources.get("Stream/Gather"));
    assertEquals(Set.of("Stream/Deduplicate", "Stream/Windows"), sources.get("Stream/Letters"));
    assertEquals(Set.of("Stream/Letters"), sources.get("Stream/WriteDeadLetters"));
    assertEquals(Set.of("Stream/Windows"), sources.get("Features/Message/ToPubsub"));

    assertEquals(
        Set.of("Stream/Deduplicate", "Stream/LookUp", "Stream/Gather", "Stream/Windows"),
        steps.values().stream()
            .filter(step -> property(step, "uses_keyed_state").equals("true"))
            .map(step -> property(step, "user_name"))
            .collect(Collectors.toSet()));
    for (JsonNode step : steps.values()) {
      if (property(step, "uses_keyed_state").equals("true")) {
        assertEquals(property(step, "user_name"), "kind:pair", inputKind(step, job));
      }
    }
  }

  @Test
  public void aFileIsKeptByAShuffleBeforeItIsWritten() {
    Map<String, Set<String>> sources = producers(job);
    Set<String> before = new TreeSet<>();
    collect("Stream/WriteFiles/" + StableInput.STEP, "Stream/Gather", sources, before);
    assertTrue(
        before.toString(),
        before.stream()
            .anyMatch(
                step ->
                    step.startsWith("Stream/WriteFiles/" + StableInput.KEPT)
                        && step.endsWith("GroupByKey")));
  }

  @Test
  public void featuresArePublishedByBeamsSinkWhichKnowsOrderingKeys() {
    JsonNode writer =
        steps(job).entrySet().stream()
            .filter(step -> step.getKey().startsWith("Features/WritePubsub/"))
            .filter(step -> step.getKey().endsWith("PubsubUnboundedSink.Writer"))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElseThrow();
    assertEquals(
        "org.apache.beam.sdk.io.gcp.pubsub.PubsubUnboundedSink$WriterFn",
        property(writer, "user_fn"));
  }

  @Test
  public void withADatasetRowsGoThereAndWhatItRefusesIsADeadLetter() throws IOException {
    Map<String, Set<String>> sources = producers(export("--bigqueryDataset=demo-project:streamed"));
    assertEquals(
        Set.of("Stream/Deduplicate", "Stream/LookUp"), sources.get("Stream/ProcessedRows"));
    assertEquals(Set.of("Stream/ProcessedRows"), sources.get("Stream/Warehouse/Unpack"));
    assertTrue(
        sources.keySet().toString(),
        sources.containsKey(
            "Stream/Warehouse/Append/StorageApiLoads/StorageApiWriteInconsistent/Write Records"));
    assertTrue(sources.get("Stream/Letters").contains("Stream/Warehouse/Refused"));
    assertEquals(
        Set.of("Stream/Warehouse/Append/StorageApiLoads/flattenErrors"),
        sources.get("Stream/Warehouse/Refused"));
  }

  private static JsonNode export(String... more) throws IOException {
    File job = new File(FOLDER.getRoot(), "job.json");
    String keys = Samples.writeKeys(FOLDER.getRoot().toPath()).toString();
    Main.build(Jobs.onDataflow(job.getPath(), keys, more)).run();
    return JSON.readTree(job);
  }

  private static Map<String, JsonNode> steps(JsonNode job) {
    Map<String, JsonNode> steps = new LinkedHashMap<>();
    job.get("steps").forEach(step -> steps.put(property(step, "user_name"), step));
    return steps;
  }

  /** By step, the steps whose output it reads. */
  private static Map<String, Set<String>> producers(JsonNode job) {
    Map<String, String> names = new LinkedHashMap<>();
    job.get("steps")
        .forEach(step -> names.put(step.get("name").asText(), property(step, "user_name")));
    Map<String, Set<String>> producers = new LinkedHashMap<>();
    for (JsonNode step : job.get("steps")) {
      Set<String> inputs = new TreeSet<>();
      JsonNode properties = step.get("properties");
      properties.path("parallel_input").findValuesAsText("step_name").forEach(inputs::add);
      properties.path("inputs").findValuesAsText("step_name").forEach(inputs::add);
      producers.put(
          property(step, "user_name"),
          inputs.stream().map(names::get).collect(Collectors.toCollection(TreeSet::new)));
    }
    return producers;
  }

  private static void collect(
      String from, String until, Map<String, Set<String>> producers, Set<String> passed) {
    for (String producer : producers.get(from)) {
      if (!producer.equals(until) && passed.add(producer)) {
        collect(producer, until, producers, passed);
      }
    }
  }

  /** The outermost coder of a step's input, inside the windowed one: a pair has a key. */
  private static String inputKind(JsonNode step, JsonNode job) {
    JsonNode input = step.at("/properties/parallel_input");
    for (JsonNode producer : job.get("steps")) {
      if (producer.get("name").equals(input.get("step_name"))) {
        for (JsonNode output : producer.at("/properties/output_info")) {
          if (output.get("output_name").path("value").equals(input.get("output_name"))
              || output.get("output_name").equals(input.get("output_name"))) {
            return output.at("/encoding/component_encodings/0/@type").asText();
          }
        }
      }
    }
    throw new AssertionError("nobody makes " + input);
  }

  private static String property(JsonNode step, String name) {
    JsonNode value = step.path("properties").path(name);
    return value.path("value").asText(value.asText());
  }
}
