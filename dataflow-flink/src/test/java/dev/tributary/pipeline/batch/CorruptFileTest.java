package dev.tributary.pipeline.batch;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import dev.tributary.pipeline.Samples;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** A file that is not whole leaves nothing in the lake, however many of its rows are good. */
public class CorruptFileTest {
  private static final String LINE =
      "{\"product_id\":\"%s\",\"description\":\"%s\",\"unit_price\":1,\"created_at\":\"2026-11-20T10:00:00Z\",\"updated_at\":\"2026-11-20T10:00:00Z\"}\n";

  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  private BatchRun batch;

  @Before
  public void setUp() throws IOException {
    FileSystems.setDefaultPipelineOptions(PipelineOptionsFactory.create());
    batch = new BatchRun(folder.getRoot().toPath(), Samples.CONTRACTS);
  }

  @Test
  public void gzipThatIsCutOffOrDamagedIsRefusedWholeThoughItsFirstRowsAreGood() throws Exception {
    byte[] whole = BatchRun.gzip(lines(2_000) + "bad\n");
    byte[] damaged = whole.clone();
    // Of the checksum at the end: every byte before it unpacks.
    damaged[whole.length - 7] ^= 1;
    for (byte[] file :
        List.of(
            Arrays.copyOf(whole, whole.length / 2),
            Arrays.copyOf(whole, whole.length - 1),
            damaged,
            "id\n1\n".getBytes(StandardCharsets.UTF_8))) {
      drop(LandingFile.Format.NDJSON, LandingFile.Compression.GZIP, file);
      assertEquals("CORRUPT_FILE", batch.refusal());
      assertEquals(0, batch.report().get("rows").asLong());
      assertEquals(List.of(), batch.files());
    }
    drop(LandingFile.Format.NDJSON, LandingFile.Compression.GZIP, whole);
    assertEquals("", batch.refusal());
    assertEquals(2_000, batch.report().get("rows").asLong());
    assertEquals("{2001=BAD_LINE null}", batch.refusedLines().toString());
  }

  @Test
  public void gzipOfSeveralMembersIsOneFile() throws Exception {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(BatchRun.gzip(LINE.formatted("a", "") + "{\"product_id\":"));
    file.write(BatchRun.gzip(LINE.formatted("b", "").substring("{\"product_id\":".length())));
    drop(LandingFile.Format.NDJSON, LandingFile.Compression.GZIP, file.toByteArray());
    assertEquals("[a, b]", batch.rows("product_id").keySet().toString());
  }

  @Test
  public void parquetThatIsCutOffOrDamagedIsRefusedWhole() throws Exception {
    byte[] whole =
        Files.readAllBytes(
            Path.of(getClass().getResource("/landing/products-snappy-v1.parquet").toURI()));
    byte[] headless = whole.clone();
    Arrays.fill(headless, 0, 60, (byte) 0);
    // The last row's key, in a page whose checksum tells: a p5 would be as good a key.
    byte[] damaged = whole.clone();
    damaged[new String(whole, StandardCharsets.ISO_8859_1).indexOf("p4") + 1] ^= 1;
    for (byte[] file :
        List.of(
            Arrays.copyOf(whole, whole.length - 100),
            Arrays.copyOf(whole, 3),
            headless,
            damaged,
            LINE.getBytes(StandardCharsets.UTF_8))) {
      drop(LandingFile.Format.PARQUET, LandingFile.Compression.NONE, file);
      assertEquals("CORRUPT_FILE", batch.refusal());
      assertEquals(List.of(), batch.files());
    }
    drop(LandingFile.Format.PARQUET, LandingFile.Compression.NONE, whole);
    assertEquals("[p0, p1, p2, p3, p4]", batch.rows("product_id").keySet().toString());
  }

  @Test
  public void aStoreThatFailsIsNotTheFilesFault() throws Exception {
    Path file = Files.write(folder.newFile().toPath(), BatchRun.gzip(lines(50_000)));
    assertTrue(Files.size(file) > 1 << 20);
    LandingFile landing =
        new LandingFile(
            file.toString(),
            "products",
            LandingFile.Format.NDJSON,
            LandingFile.Compression.GZIP,
            Mapping.identity(Samples.CONTRACTS.stream("products").orElseThrow()),
            1,
            Samples.PUBLISHED);
    StoredObject object = StoredObject.open(file.toString());
    JsonRows rows = new JsonRows(object, landing);
    rows.next();
    // As a connection that is reset.
    object.close();
    assertThrows(
        IOException.class,
        () -> {
          while (rows.next() != null) {
            // Until what is buffered is used up.
          }
        });
  }

  private void drop(LandingFile.Format format, LandingFile.Compression compression, byte[] file)
      throws IOException {
    batch.drop("products", format, compression, null, file);
  }

  private static String lines(int count) {
    StringBuilder lines = new StringBuilder();
    Random random = new Random(1);
    for (int i = 0; i < count; i++) {
      lines.append(
          LINE.formatted("p" + i, Long.toHexString(random.nextLong()) + random.nextLong()));
    }
    return lines.toString();
  }
}
