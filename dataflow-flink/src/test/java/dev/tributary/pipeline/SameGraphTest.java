package dev.tributary.pipeline;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.runners.TransformHierarchy;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.util.SerializableUtils;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PValue;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** One pipeline on both runners: only its two ends are another bus. */
public class SameGraphTest {
  private static final String STREAM = "Stream/";
  private static final String FILES = STREAM + "WriteFiles";

  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  private String keys;

  @Before
  public void setUp() throws IOException {
    keys = Samples.writeKeys(folder.getRoot().toPath()).toString();
  }

  /**
   * A step of a graph.
   *
   * @param work the transform's class; of a ParDo the function itself, by its digest: its class,
   *     its state and timers and all that it was configured with
   * @param inputs the steps that made its inputs; {@code bus} for what comes from outside
   * @param outputs by tag: coder, windowing and boundedness
   */
  private record Step(String work, List<String> inputs, Map<String, String> outputs) {}

  @Test
  public void flinkAndDataflowRunTheSameStepsBetweenTheBuses() {
    Map<String, Step> flink = graph(Main.build(Jobs.onFlink(keys)));
    Map<String, Step> dataflow = graph(Main.build(Jobs.onDataflow("/none", keys)));

    assertTrue(flink.keySet().toString(), flink.containsKey("Stream/Deduplicate"));
    assertEquals("bus", String.join(",", flink.get("Stream/Parse").inputs()));
    // The one thing that Dataflow needs besides: its runner does not keep a step's input itself.
    assertTrue(dataflow.keySet().removeIf(name -> name.startsWith(FILES + "/" + StableInput.KEPT)));
    Step write = dataflow.remove(FILES + "/" + StableInput.STEP);
    assertEquals(
        new Step(write.work(), List.of("Stream/Gather"), write.outputs()), flink.remove(FILES));
    assertEquals(flink, dataflow);
  }

  @Test
  public void aDifferentSettingOfOneFunctionOrAFurtherStepWouldShow() {
    Map<String, Step> flink = graph(Main.build(Jobs.onFlink(keys)));
    for (String option : List.of("--flushSeconds=6", "--bigqueryDataset=demo-project:streamed")) {
      assertNotEquals(option, flink, graph(Main.build(Jobs.onFlink(keys, option))));
    }
    assertEquals(flink, graph(Main.build(Jobs.onFlink(keys))));
  }

  @Test
  public void theRunnersOwnSinksAreOutsideWhatIsCompared() {
    assertFalse(
        graph(Main.build(Jobs.onFlink(keys))).keySet().stream()
            .anyMatch(name -> name.contains("Kafka") || name.contains("Pubsub")));
  }

  private static Map<String, Step> graph(Pipeline pipeline) {
    Map<PValue, String> makers = new java.util.HashMap<>();
    Map<String, Step> steps = new TreeMap<>();
    pipeline.traverseTopologically(
        new Pipeline.PipelineVisitor.Defaults() {
          @Override
          public void visitPrimitiveTransform(TransformHierarchy.Node node) {
            // A function's step is one, whether it was applied with one output or several.
            String name = node.getFullName().replaceFirst("/ParMultiDo\\([^/]*\\)$", "");
            boolean inside = name.startsWith(STREAM);
            TreeSet<String> inputs = new TreeSet<>();
            node.getInputs().values().forEach(input -> inputs.add(makers.get(input)));
            Map<String, String> outputs = new TreeMap<>();
            node.getOutputs()
                .forEach(
                    (tag, output) -> {
                      makers.put(output, inside ? name : "bus");
                      outputs.put(
                          // Tags without a name of their own are numbered as they are made.
                          node.getOutputs().size() == 1 ? "only" : tag.getId(), describe(output));
                    });
            if (inside) {
              steps.put(name, new Step(work(node.getTransform()), List.copyOf(inputs), outputs));
            }
          }
        });
    return steps;
  }

  private static String work(PTransform<?, ?> transform) {
    DoFn<?, ?> function = null;
    if (transform instanceof ParDo.MultiOutput<?, ?> many) {
      function = many.getFn();
    } else if (transform instanceof ParDo.SingleOutput<?, ?> one) {
      function = one.getFn();
    }
    if (function == null) {
      return transform.getClass().getName();
    }
    byte[] configured = SerializableUtils.serializeToByteArray(function);
    return function.getClass().getName() + " " + new Digest().add(configured).hex();
  }

  private static String describe(PValue value) {
    PCollection<?> collection = (PCollection<?>) value;
    return "%s %s %s"
        .formatted(
            collection.getCoder(), collection.getWindowingStrategy(), collection.isBounded());
  }
}
