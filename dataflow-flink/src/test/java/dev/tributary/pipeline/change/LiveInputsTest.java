package dev.tributary.pipeline.change;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertTrue;

import dev.tributary.pipeline.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.beam.sdk.util.SerializableUtils;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class LiveInputsTest {
  private static final String CONTRACTS = Samples.resource("/sample-contracts.json");
  private static final String FEATURES = Samples.resource("/sample-features.json");
  private static final String WITH_COLOUR =
      CONTRACTS.replaceFirst(
          "(\"stream\": ?\"products\"[\\s\\S]*?\"fields\": ?\\[)",
          "$1{\"name\":\"colour\",\"type\":\"STRING\",\"required\":false,\"pii\":\"none\"},");

  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  private Path file;

  @Before
  public void setUp() throws IOException {
    file = Files.writeString(folder.newFile("contracts.json").toPath(), CONTRACTS);
  }

  @Test
  public void aChangedContractIsTakenUpWithoutARestart() throws IOException {
    LiveInputs inputs = started();
    assertEquals(0, colours(inputs));
    Files.writeString(file, WITH_COLOUR);
    assertEquals(1, colours(inputs));
    assertSame("what has not changed is not read anew", inputs.current(), inputs.current());
  }

  @Test
  public void aBrokenFileLeavesTheLastGoodOneInForce() throws IOException {
    LiveInputs inputs = started();
    Files.writeString(file, WITH_COLOUR);
    assertEquals(1, colours(inputs));
    Files.writeString(file, WITH_COLOUR.substring(0, 1_000));
    assertEquals(1, colours(inputs));
    Files.delete(file);
    assertEquals(1, colours(inputs));
    Files.writeString(file, CONTRACTS);
    assertEquals(0, colours(inputs));
  }

  @Test
  public void aFieldThatFeaturesNeedCannotGo() throws IOException {
    LiveInputs inputs = started();
    String without = CONTRACTS.replaceAll("\"unit_price\"", "\"price\"");
    assertTrue(!without.equals(CONTRACTS));
    Files.writeString(file, without);
    assertTrue(
        inputs.current().contracts().stream("order_lines")
            .orElseThrow()
            .field("unit_price")
            .isPresent());
  }

  /** On a worker, where it arrives serialized; it looks at the file every time it is asked. */
  private LiveInputs started() {
    return SerializableUtils.clone(LiveInputs.of(file.toString(), FEATURES, 0));
  }

  private static long colours(LiveInputs inputs) {
    return inputs.current().contracts().stream("products").orElseThrow().fields().stream()
        .filter(field -> field.name().equals("colour"))
        .count();
  }
}
