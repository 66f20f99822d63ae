package dev.tributary.pipeline.compact;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.contract.FieldType;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.ParquetEncoder;
import dev.tributary.pipeline.lake.TestParquet;
import dev.tributary.pipeline.rewrite.CommittedRewrites;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.testing.TestPipeline;
import org.joda.time.Duration;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class CompactPipelineTest {
  private static final String FOLDER = "processed/orders/dt=2026-11-21/hr=05/";
  private static final List<Column> COLUMNS =
      List.of(
          new Column("_event_id", FieldType.STRING),
          new Column("_ingested_at", FieldType.TIMESTAMP),
          new Column("order_id", FieldType.STRING));
  private static final long TARGET = 1L << 20;

  @Rule public final TemporaryFolder folder = new TemporaryFolder();
  private Path lake;

  @Before
  public void setUp() throws IOException {
    lake = folder.newFolder("lake").toPath();
  }

  @Test
  public void smallFilesOfAClosedHourBecomeOneWithTheSameRows() throws IOException {
    for (int file = 0; file < 40; file++) {
      write(FOLDER, "part-" + file + ".parquet", file % 2 == 0, 3 * file, 3 * file + 3);
    }
    List<Object> before = ids();
    compact(TARGET);
    JsonNode manifest = only(CommittedRewrites.open(lake));
    assertEquals("compaction", manifest.get("kind").asText());
    assertEquals(40, manifest.get("inputs").size());
    assertEquals(120, manifest.at("/output/rows").asInt());
    assertTrue(manifest.get("changes").isNull());
    assertEquals("nothing is visible before the commit", before, ids());

    CommittedRewrites.commitAll(lake);
    Map<String, List<Map<String, Object>>> after = visible();
    assertEquals(1, after.size());
    assertEquals(before, ids());
    compact(TARGET);
    assertEquals("a second run finds nothing to do", List.of(), CommittedRewrites.open(lake));
  }

  @Test
  public void aRunThatDiedAfterStagingIsRepeatedUnderTheSameNames() throws IOException {
    write(FOLDER, "part-a.parquet", true, 0, 3);
    write(FOLDER, "part-b.parquet", true, 3, 6);
    compact(TARGET);
    List<String> staged = files("rewrites");
    Path manifest =
        lake.resolve(staged.stream().filter(name -> name.endsWith(".json")).findFirst().get());
    String content = Files.readString(manifest);
    // As if the job had died just before its last write.
    Files.delete(manifest);
    assertEquals(List.of(), CommittedRewrites.open(lake));
    compact(TARGET);
    assertEquals(staged, files("rewrites"));
    assertEquals(content, Files.readString(manifest));
  }

  @Test
  public void copiesOfAnEventBecomeTheOneTakenFirstAndOtherContentStaysBeside() throws IOException {
    Object[] first = {Samples.id(1), 10L, "o1"};
    Object[] later = {Samples.id(1), 20L, "o1"};
    Object[] other = {Samples.id(1), 5L, "o2"};
    write(FOLDER, "part-a.parquet", List.<Object[]>of(later));
    write(FOLDER, "part-b.parquet", List.<Object[]>of(first, other));
    compact(TARGET);
    CommittedRewrites.commitAll(lake);
    List<String> rows = new ArrayList<>();
    visible()
        .values()
        .forEach(
            file ->
                file.forEach(row -> rows.add(row.get("_ingested_at") + " " + row.get("order_id"))));
    assertEquals(List.of("10 o1", "5 o2"), rows.stream().sorted().toList());
  }

  @Test
  public void aFolderThatIsStillWrittenToIsLeftAlone() throws IOException {
    write(FOLDER, "part-a.parquet", true, 0, 3);
    write(FOLDER, "part-b.parquet", true, 3, 6);
    Files.setLastModifiedTime(
        lake.resolve(FOLDER + "part-b.parquet"), FileTime.from(Instant.now()));
    compact(TARGET);
    assertEquals(List.of(), files("rewrites"));
  }

  @Test
  public void filesOfOtherColumnsFoldersAndTemporaryOnesAreKeptApart() throws IOException {
    write(FOLDER, "part-a.parquet", true, 0, 3);
    write(FOLDER, "part-b.parquet", true, 3, 6);
    write(FOLDER, ".temporary.parquet", true, 9, 12);
    write("processed/orders/dt=2026-11-21/hr=06/", "part-c.parquet", true, 12, 15);
    List<Column> older = COLUMNS.subList(0, 2);
    put(
        FOLDER + "part-d.parquet",
        ParquetEncoder.encode(
            older, List.of(new LakeRow("x", 0, new Object[] {Samples.id(50), 1L}))));
    compact(TARGET);
    JsonNode manifest = only(CommittedRewrites.open(lake));
    assertEquals(
        List.of(FOLDER + "part-a.parquet", FOLDER + "part-b.parquet"),
        manifest.get("inputs").findValuesAsText("name"));
  }

  @Test
  public void rawKeepsEveryMessageWithoutAnId() throws IOException {
    List<Column> raw =
        List.of(
            new Column("event_id", FieldType.STRING),
            new Column("message", FieldType.BYTES),
            new Column("offset", FieldType.INT64));
    String folderOfRaw = "raw/_unknown/dt=2026-11-21/hr=05/";
    byte[] message = {1, 2, 3};
    List<LakeRow> one =
        List.of(
            new LakeRow("1", 0, new Object[] {null, message, 1L}),
            new LakeRow("2", 0, new Object[] {null, message, 2L}));
    List<LakeRow> two =
        List.of(
            new LakeRow("2", 0, new Object[] {null, message, 2L}),
            new LakeRow("3", 0, new Object[] {Samples.id(1), message, 3L}));
    put(folderOfRaw + "part-a.parquet", ParquetEncoder.encode(raw, one));
    put(folderOfRaw + "part-b.parquet", ParquetEncoder.encode(raw, two));
    compact(TARGET);
    CommittedRewrites.commitAll(lake);
    List<Object> offsets = new ArrayList<>();
    TestParquet.readAll(lake.resolve("raw"))
        .values()
        .forEach(file -> file.forEach(row -> offsets.add(row.get("offset"))));
    // Without an id nothing says that two messages are one.
    assertEquals(List.of(1L, 2L, 2L, 3L), offsets.stream().sorted().toList());
  }

  @Test
  public void noOutputIsMeantToBeLargerThanTheTargetAndBigFilesAreDone() throws IOException {
    for (int file = 0; file < 6; file++) {
      write(FOLDER, "part-" + file + ".parquet", true, 10 * file, 10 * file + 10);
    }
    long size = Files.size(lake.resolve(FOLDER + "part-0.parquet"));
    // Room for three files; each is a third of it and so worth merging.
    compact(3 * size + size / 2);
    List<JsonNode> manifests = CommittedRewrites.open(lake);
    assertEquals(2, manifests.size());
    manifests.forEach(manifest -> assertEquals(3, manifest.get("inputs").size()));
    CommittedRewrites.commitAll(lake);
    compact(size);
    assertEquals(List.of(), CommittedRewrites.open(lake));
  }

  private void compact(long target) {
    Pipeline pipeline = Pipeline.create(TestPipeline.testingPipelineOptions());
    pipeline.apply(
        new CompactPipeline(lake.toString(), null, Duration.standardMinutes(5), target, "run-1"));
    pipeline.run().waitUntilFinish();
  }

  private void write(String at, String name, boolean inOrder, int from, int to) throws IOException {
    List<Object[]> rows = new ArrayList<>();
    for (int n = from; n < to; n++) {
      rows.add(new Object[] {Samples.id(n), 1L, "o" + n});
    }
    rows.sort((a, b) -> (inOrder ? 1 : -1) * ((String) a[0]).compareTo((String) b[0]));
    write(at, name, rows);
  }

  private void write(String at, String name, List<Object[]> rows) throws IOException {
    put(
        at + name,
        ParquetEncoder.encode(
            COLUMNS, rows.stream().map(row -> new LakeRow((String) row[0], 0, row)).toList()));
  }

  private void put(String name, byte[] bytes) throws IOException {
    Path path = lake.resolve(name);
    Files.createDirectories(path.getParent());
    Files.write(path, bytes);
    Files.setLastModifiedTime(path, FileTime.from(Instant.now().minusSeconds(3_600)));
  }

  private Map<String, List<Map<String, Object>>> visible() throws IOException {
    return TestParquet.readAll(lake.resolve("processed"));
  }

  private List<Object> ids() throws IOException {
    List<Object> ids = new ArrayList<>();
    visible().values().forEach(file -> file.forEach(row -> ids.add(row.get("_event_id"))));
    return ids.stream().sorted().toList();
  }

  private List<String> files(String at) throws IOException {
    Path root = lake.resolve(at);
    if (!Files.exists(root)) {
      return List.of();
    }
    try (Stream<Path> paths = Files.walk(root)) {
      return paths
          .filter(Files::isRegularFile)
          .map(path -> lake.relativize(path).toString())
          .sorted()
          .toList();
    }
  }

  private static <T> T only(List<T> all) {
    assertEquals(all.toString(), 1, all.size());
    return all.get(0);
  }
}
