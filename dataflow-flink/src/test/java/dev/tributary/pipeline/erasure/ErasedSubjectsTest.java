package dev.tributary.pipeline.erasure;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import dev.tributary.pipeline.ConfigurationException;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.StreamRun;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.bus.BusMessage.Topic;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class ErasedSubjectsTest {
  private static final String TIME = "2026-11-20T10:00:00.000001Z";

  @Rule public final TemporaryFolder folder = new TemporaryFolder();
  private Path lake;
  private String keys;

  @Before
  public void setUp() throws IOException {
    lake = folder.newFolder("lake").toPath();
    keys = Samples.writeKeys(folder.getRoot().toPath()).toString();
  }

  @Test
  public void theStreamStoresNothingOfAnErasedPersonAndAllOfOthers() throws IOException {
    // Lines are of customer 7.
    String line = Samples.line(Samples.id(1), "l1", TIME, "1.5", 6);
    String other = Samples.line(Samples.id(2), "l2", TIME, "1.5", 6).replace(":7,", ":8,");
    String refused = Samples.line(Samples.id(3), "l3", TIME, "1.5", 0);
    erased("7");
    StreamRun.over(
        lake,
        keys,
        Samples.LIVE_INPUTS,
        List.of(
            Samples.message(Topic.CHANGES, 1, line),
            Samples.message(Topic.CHANGES, 2, other),
            Samples.message(Topic.CHANGES, 3, refused)));
    assertEquals(1, count("raw"));
    assertEquals(1, count("processed"));
    assertEquals(0, count("dead-letter"));
  }

  @Test
  public void aMessageIsTheirsWhereverTheNumberStands() throws IOException {
    erased("7");
    assertTrue(concern("{\"key\":{\"user_id\":7}}"));
    assertTrue(concern("{\"key\":{\"user_id\":\"7\"}}"));
    assertTrue(concern("{\"payload\":{\"before\":{\"customer_id\":7},\"after\":null}}"));
    assertFalse(concern("{\"key\":{\"user_id\":77},\"quantity\":7}"));
    assertFalse("no JSON", concern("customer_id=7"));
    BusMessage keyed =
        new BusMessage(
            Topic.CHANGES,
            "t",
            new TreeMap<>(),
            new byte[0],
            0,
            1L,
            null,
            1,
            "{\"customer_id\":7}".getBytes(StandardCharsets.UTF_8));
    assertTrue("a tombstone has a key alone", subjects().concern(keyed));
  }

  @Test
  public void aSealedLetterIsOpened() throws IOException {
    erased("7");
    String sealed =
        new Protection(PiiKeys.load(keys))
            .seal("{\"after\":{\"customer_id\":7}}".getBytes(StandardCharsets.UTF_8));
    String payload = Base64.getEncoder().encodeToString(sealed.getBytes(StandardCharsets.UTF_8));
    String letter = "{\"reason\":\"UNREADABLE\",\"sealed\":true,\"payload\":\"" + payload + "\"}";
    assertTrue(subjects().concern(Samples.message(Topic.DEAD_LETTER, 1, letter)));
    String late =
        Base64.getEncoder().encodeToString("{\"entity\":\"7\"}".getBytes(StandardCharsets.UTF_8));
    assertTrue(
        subjects()
            .concern(
                Samples.message(
                    Topic.DEAD_LETTER,
                    1,
                    "{\"reason\":\"LATE\",\"sealed\":false,\"payload\":\"" + late + "\"}")));
  }

  @Test
  public void whoIsErasedIsTakenUpWhileItRunsAndABrokenListStopsEverything() throws IOException {
    LiveErasures live = new LiveErasures(lake.toString(), keys, 0);
    var options = PipelineOptionsFactory.create();
    ErasedSubjects nobody = live.current(Samples.CONTRACTS, options);
    assertFalse(nobody.concern("customer", 7L));
    assertSame(nobody, live.current(Samples.CONTRACTS, options));
    erased("7");
    assertTrue(live.current(Samples.CONTRACTS, options).concern("customer", 7L));
    Files.writeString(lake.resolve("erasures/list.json"), "{}");
    assertThrows(ConfigurationException.class, () -> live.current(Samples.CONTRACTS, options));
  }

  @Test
  public void idsAreThoseOfTheOtherLanguage() throws IOException {
    // platform/src/erasures/ids.test.ts has the same.
    assertEquals(
        "era_v1_KOQkpuMb9tkZBCnO-2UUfqhJdVgRhvWBnPy6Kc2CMZA",
        new Protection(PiiKeys.load(keys)).erasureId("customer", "12345"));
  }

  private boolean concern(String message) throws IOException {
    return subjects().concern(Samples.message(Topic.CHANGES, 1, message));
  }

  private ErasedSubjects subjects() throws IOException {
    return new LiveErasures(lake.toString(), keys)
        .current(Samples.CONTRACTS, PipelineOptionsFactory.create());
  }

  private void erased(String id) throws IOException {
    String erasure = new Protection(PiiKeys.load(keys)).erasureId("customer", id);
    Files.createDirectories(lake.resolve("erasures"));
    Files.writeString(
        lake.resolve("erasures/list.json"),
        "{\"subjects\":{\"customer\":[\"%s\"]}}".formatted(erasure));
  }

  private long count(String layer) throws IOException {
    if (!Files.exists(lake.resolve(layer))) {
      return 0;
    }
    try (Stream<Path> files = Files.walk(lake.resolve(layer))) {
      return files
          .filter(Files::isRegularFile)
          .filter(path -> !path.getFileName().toString().startsWith("."))
          .count();
    }
  }
}
