package dev.tributary.pipeline.lake;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.testing.TestStream;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TimestampedValue;
import org.joda.time.Duration;
import org.joda.time.Instant;
import org.junit.Rule;
import org.junit.Test;

public class GatherSegmentsTest {
  private static final FileGroup HOUR =
      new FileGroup(new Partition(Table.PROCESSED, "orders", 100), 1);
  private static final FileGroup OTHER_COLUMNS =
      new FileGroup(new Partition(Table.PROCESSED, "orders", 100), 2);
  private static final Duration FLUSH = Duration.standardSeconds(5);

  @Rule public final transient TestPipeline pipeline = TestPipeline.create();

  @Test
  public void whatComesWithinTheIntervalAndHasTheSameColumnsBecomesOneFile() {
    assertFiles(
        List.of("1[a, b]", "1[d]", "2[c]"),
        stream()
            .addElements(segment(HOUR, "b"), segment(OTHER_COLUMNS, "c"))
            .advanceProcessingTime(Duration.standardSeconds(4))
            .addElements(segment(HOUR, "a"))
            .advanceProcessingTime(Duration.standardSeconds(2))
            .addElements(segment(HOUR, "d"))
            .advanceProcessingTime(Duration.standardSeconds(6))
            .advanceWatermarkToInfinity(),
        1L << 20);
  }

  @Test
  public void aRowBehindTheWatermarkFindsItsFileToo() {
    assertFiles(
        List.of("1[late]"),
        stream()
            .advanceWatermarkTo(new Instant(1_000_000_000L))
            .addElements(TimestampedValue.of(segment(HOUR, "late"), new Instant(1)))
            .advanceProcessingTime(Duration.standardSeconds(6))
            .advanceWatermarkToInfinity(),
        1L << 20);
  }

  @Test
  public void aFullFileDoesNotWait() {
    assertFiles(
        List.of("1[a, b]", "1[c]"),
        stream()
            .addElements(segment(HOUR, "a"))
            .addElements(segment(HOUR, "b"))
            .addElements(segment(HOUR, "c"))
            .advanceProcessingTime(Duration.standardSeconds(6))
            .advanceWatermarkToInfinity(),
        2);
  }

  @Test
  public void theNameIsAFunctionOfTheRowsAlone() {
    Segment a = segment(HOUR, "a").getValue();
    Segment b = segment(HOUR, "b").getValue();
    String path = LakeFile.of(HOUR, List.of(a, b)).path();
    assertEquals(path, LakeFile.of(HOUR, List.of(b, a)).path());
    assertNotEquals(path, LakeFile.of(HOUR, List.of(a)).path());
  }

  @Test
  public void foldersAreHoursInUtc() {
    assertEquals(
        "processed/orders/dt=2026-11-21/hr=05/",
        Partition.of(Table.PROCESSED, "orders", 1_795_238_400_000_000L).folder());
    assertEquals(
        "raw/orders/dt=1969-12-31/hr=23/", Partition.of(Table.RAW, "orders", -1L).folder());
  }

  private void assertFiles(
      List<String> expected, TestStream<KV<FileGroup, Segment>> stream, long maxBytes) {
    PCollection<LakeFile> files =
        pipeline
            .apply(stream)
            .apply(ParDo.of(new GatherSegments(FLUSH, maxBytes)))
            .setCoder(new LakeFile.Coder());
    PAssert.that(files)
        .satisfies(
            gathered -> {
              List<String> found = new ArrayList<>();
              gathered.forEach(
                  file ->
                      found.add(
                          file.group().schema()
                              + file.segments().stream()
                                  .map(
                                      segment ->
                                          new String(segment.digest(), StandardCharsets.UTF_8))
                                  .toList()
                                  .toString()));
              assertEquals(expected, found.stream().sorted().toList());
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  private static TestStream.Builder<KV<FileGroup, Segment>> stream() {
    return TestStream.create(KvCoder.of(new FileGroup.Coder(), new Segment.Coder()));
  }

  private static KV<FileGroup, Segment> segment(FileGroup group, String name) {
    return KV.of(
        group, new Segment(false, 1, name.getBytes(StandardCharsets.UTF_8), new byte[] {1}));
  }
}
