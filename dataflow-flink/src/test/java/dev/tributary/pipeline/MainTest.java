package dev.tributary.pipeline;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class MainTest {
  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  private String keys;

  @Before
  public void setUp() throws IOException {
    keys = Samples.writeKeys(folder.getRoot().toPath()).toString();
  }

  @Test
  public void aStreamOnFlinkKeepsItsCheckpointsAndEnoughSlotsForThoseThatWait() {
    TributaryOptions options =
        options("--runner=FlinkRunner", "--bootstrap=127.0.0.1:1", "--piiKeysFile=" + keys);
    Main.build(options);
    FlinkPipelineOptions flink = options.as(FlinkPipelineOptions.class);
    assertTrue(flink.isStreaming());
    assertEquals(5_000L, flink.getCheckpointingInterval().longValue());
    assertTrue(flink.getNumConcurrentCheckpoints() > 1);
    assertTrue(flink.getFailOnCheckpointingErrors());
    assertTrue(flink.isExternalizedCheckpointsEnabled());
    assertTrue(flink.getRetainExternalizedCheckpointsOnCancellation());
  }

  @Test
  public void whatIsMissingIsNamedBeforeAnythingRuns() {
    assertCode("OPTION_MISSING", "--piiKeysFile=" + keys);
    assertCode("OPTION_INVALID", "--source=carrier-pigeon", "--piiKeysFile=" + keys);
    assertCode("PII_KEYS_MISSING", "--runner=FlinkRunner", "--piiKeysFile=/nowhere/keys.json");
    List<String> batch =
        List.of(
            "--runner=FlinkRunner",
            "--piiKeysFile=" + keys,
            "--source=files",
            "--input=/nowhere/orders.csv",
            "--format=csv",
            "--generation=1");
    assertCode("OPTION_INVALID", with(batch, "--stream=orders", "--objectTime=yesterday"));
    assertCode(
        "OPTION_INVALID", with(batch, "--stream=nobody", "--objectTime=2026-11-21T05:20:02Z"));
    String[] good = with(batch, "--stream=orders", "--objectTime=2026-11-21T05:20:02Z");
    assertCode("INPUT_MISSING", good);
    assertCode(
        "OPTION_INVALID",
        Stream.of(good).map(it -> it.replace("=csv", "=xlsx")).toArray(String[]::new));
    assertCode("OPTION_INVALID", with(List.of(good), "--compression=zip"));
    assertCode("MAPPING_INVALID", with(List.of(good), "--mapping={\"stream\":\"orders\"}"));
  }

  @Test
  public void aBatchThatFailsIsNotRestartedWithoutEnd() throws IOException {
    String file = folder.newFile("orders.csv").getPath();
    TributaryOptions options =
        options(
            "--runner=FlinkRunner",
            "--piiKeysFile=" + keys,
            "--source=files",
            "--input=" + file,
            "--stream=orders",
            "--format=csv",
            "--generation=1",
            "--objectTime=2026-11-21T05:20:02Z");
    Main.build(options);
    FlinkPipelineOptions flink = options.as(FlinkPipelineOptions.class);
    assertEquals(3, flink.getNumberOfExecutionRetries().intValue());
    assertTrue(flink.getExecutionRetryDelay() > 0);
  }

  @Test
  public void aRewriteThatCannotBeMeantIsNamedBeforeAnythingRuns() {
    List<String> backfill = List.of("--source=backfill", "--piiKeysFile=" + keys, "--run=r-1");
    String from = "--from=2026-11-21T05:00:00Z";
    String to = "--to=2026-11-21T06:00:00Z";
    assertCode("OPTION_MISSING", with(backfill, from, to));
    assertCode("OPTION_INVALID", with(backfill, "--stream=nobody", from, to));
    assertCode("OPTION_MISSING", with(backfill, "--stream=orders", from));
    assertCode("OPTION_INVALID", with(backfill, "--stream=orders", from, "--to=soon"));
    assertCode(
        "OPTION_INVALID", with(backfill, "--stream=orders", from, "--to=2026-11-21T05:00:00Z"));
    assertCode("OPTION_MISSING", "--source=compact", "--piiKeysFile=" + keys);
    assertCode("OPTION_INVALID", "--source=compact", "--piiKeysFile=" + keys, "--run=../up");
    assertCode(
        "OPTION_INVALID", "--source=compact", "--piiKeysFile=" + keys, "--run=r", "--stream=../up");
    TributaryOptions options = options(with(backfill, "--stream=orders", from, to));
    Main.build(options);
    assertFalse(options.isStreaming());
  }

  private static String[] with(List<String> args, String... more) {
    List<String> all = new ArrayList<>(args);
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private static void assertCode(String code, String... args) {
    TributaryOptions options = options(args);
    assertEquals(
        code, assertThrows(ConfigurationException.class, () -> Main.build(options)).code());
  }

  private static TributaryOptions options(String... args) {
    TributaryOptions options = PipelineOptionsFactory.fromArgs(args).as(TributaryOptions.class);
    options.setLake("s3://lake");
    options.setContracts(Samples.resource("/sample-contracts.json"));
    options.setFeatures(Samples.resource("/sample-features.json"));
    return options;
  }
}
