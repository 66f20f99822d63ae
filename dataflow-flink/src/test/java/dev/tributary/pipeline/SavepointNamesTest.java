package dev.tributary.pipeline;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.runners.TransformHierarchy.Node;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.reflect.DoFnSignature;
import org.apache.beam.sdk.transforms.reflect.DoFnSignatures;
import org.apache.beam.sdk.util.construction.SplittableParDo;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/**
 * A savepoint finds its way into a newer jar by names: of steps, and of what each of them
 * remembers. They are listed in {@code savepoint-names.txt}.
 */
public class SavepointNamesTest {
  private static final String WHAT_TO_DO =
      """
      The names under which a running job's state is found again have changed.
      Flink refuses to start the new jar from a checkpoint with a step that it does not find, and \
      begins with nothing where a state or a timer has a new name: rows could come twice or be lost.
      A name is made of the step's, of those of the composites around it and, in brackets, of its \
      class; the brackets go when a step gets a second output.
      If the change is not meant, give back the old names. If it is, write how running jobs get \
      over it into dataflow-flink/README.md, "Run on Flink", and then change \
      src/test/resources/savepoint-names.txt.
      """;

  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  @Test
  public void stepsThatRememberSomethingKeepTheirNamesAndTheNamesOfWhatTheyRemember()
      throws Exception {
    Pipeline pipeline = Main.build(options());
    Map<String, SortedSet<String>> remembered = remembered(pipeline);
    SortedSet<String> names = new TreeSet<>();
    for (StreamNode node : flinkNodes(pipeline)) {
      String uid = node.getTransformationUID();
      if (node.getInEdges().isEmpty()) {
        assertTrue("a source without a name of its own: " + node, uid != null);
        names.add(uid + ": position in the topics");
      } else if (remembered.containsKey(uid)) {
        names.add(uid + ": " + String.join(", ", remembered.remove(uid)));
      } else {
        assertTrue(
            "state that only Flink knows of, in " + node, node.getStateKeySerializer() == null);
      }
    }
    assertTrue("steps that Flink does not name as Beam does: " + remembered, remembered.isEmpty());
    List<String> listed = Samples.resource("/savepoint-names.txt").lines().toList();
    assertEquals(WHAT_TO_DO, String.join("\n", listed), String.join("\n", names));
  }

  private TributaryOptions options() throws IOException {
    String keys = Samples.writeKeys(folder.getRoot().toPath()).toString();
    return PipelineOptionsFactory.fromArgs(
            "--runner=FlinkRunner",
            "--flinkMaster=[auto]",
            "--lake=s3://lake",
            "--bootstrap=127.0.0.1:1",
            "--piiKeysFile=" + keys)
        .as(TributaryOptions.class);
  }

  /** States, timers and inputs that wait for a checkpoint, by the full name of their step. */
  private static Map<String, SortedSet<String>> remembered(Pipeline pipeline) {
    Map<String, SortedSet<String>> found = new HashMap<>();
    pipeline.traverseTopologically(
        new Pipeline.PipelineVisitor.Defaults() {
          @Override
          public void visitPrimitiveTransform(Node node) {
            if (node.getTransform() instanceof ParDo.MultiOutput<?, ?> step) {
              DoFnSignature signature = DoFnSignatures.getSignature(step.getFn().getClass());
              SortedSet<String> names = new TreeSet<>();
              signature.stateDeclarations().keySet().forEach(it -> names.add("state " + it));
              signature.timerDeclarations().keySet().forEach(it -> names.add("timer " + it));
              if (signature.processElement().requiresStableInput()) {
                names.add("input that waits for a checkpoint");
              }
              if (!names.isEmpty()) {
                found.put(node.getFullName(), names);
              }
            }
          }
        });
    return found;
  }

  /** What the runner would submit; it has no public way to say so. */
  private static Iterable<StreamNode> flinkNodes(Pipeline pipeline) throws Exception {
    Class<?> type =
        Class.forName("org.apache.beam.runners.flink.FlinkPipelineExecutionEnvironment");
    Constructor<?> constructor = type.getDeclaredConstructor(FlinkPipelineOptions.class);
    constructor.setAccessible(true);
    // As the runner does first.
    SplittableParDo.convertReadBasedSplittableDoFnsToPrimitiveReadsIfNecessary(pipeline);
    Object environment =
        constructor.newInstance(pipeline.getOptions().as(FlinkPipelineOptions.class));
    Method translate = type.getDeclaredMethod("translate", Pipeline.class);
    translate.setAccessible(true);
    translate.invoke(environment, pipeline);
    Method streams = type.getDeclaredMethod("getStreamExecutionEnvironment");
    streams.setAccessible(true);
    StreamExecutionEnvironment flink = (StreamExecutionEnvironment) streams.invoke(environment);
    return flink.getStreamGraph(false).getStreamNodes();
  }
}
