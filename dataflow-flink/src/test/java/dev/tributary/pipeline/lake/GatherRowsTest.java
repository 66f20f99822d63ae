package dev.tributary.pipeline.lake;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotEquals;

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

public class GatherRowsTest {
  private static final Partition HOUR = new Partition(Table.PROCESSED, "orders", 100);
  private static final Partition NEXT_HOUR = new Partition(Table.PROCESSED, "orders", 101);
  private static final Duration FLUSH = Duration.standardSeconds(5);

  @Rule public final transient TestPipeline pipeline = TestPipeline.create();

  @Test
  public void rowsOfOneHourWithinTheIntervalBecomeOneFile() {
    PCollection<FileBatch> files =
        gather(
            stream()
                .addElements(row(HOUR, "b"), row(NEXT_HOUR, "c"))
                .advanceProcessingTime(Duration.standardSeconds(4))
                .addElements(row(HOUR, "a"))
                .advanceProcessingTime(Duration.standardSeconds(2))
                .addElements(row(HOUR, "d"))
                .advanceProcessingTime(Duration.standardSeconds(6))
                .advanceWatermarkToInfinity(),
            1L << 20);
    PAssert.that(files)
        .satisfies(
            batches -> {
              List<String> ids = new ArrayList<>();
              batches.forEach(
                  batch ->
                      ids.add(
                          batch.partition().hour()
                              + batch.rows().stream().map(LakeRow::id).toList().toString()));
              assertEquals(
                  List.of("100[a, b]", "100[d]", "101[c]"), ids.stream().sorted().toList());
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  public void aRowBehindTheWatermarkFindsItsFileToo() {
    PCollection<FileBatch> files =
        gather(
            stream()
                .advanceWatermarkTo(new Instant(1_000_000_000L))
                .addElements(TimestampedValue.of(row(HOUR, "late"), new Instant(1)))
                .advanceProcessingTime(Duration.standardSeconds(6))
                .advanceWatermarkToInfinity(),
            1L << 20);
    PAssert.that(files)
        .satisfies(
            batches -> {
              assertEquals("late", batches.iterator().next().rows().get(0).id());
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  public void aFullFileDoesNotWait() {
    long twoRows = 2 * row(HOUR, "a").getValue().weight();
    PCollection<FileBatch> files =
        gather(
            stream()
                .addElements(row(HOUR, "a"))
                .addElements(row(HOUR, "b"))
                .addElements(row(HOUR, "c"))
                .advanceProcessingTime(Duration.standardSeconds(6))
                .advanceWatermarkToInfinity(),
            twoRows);
    PAssert.that(files)
        .satisfies(
            batches -> {
              List<Integer> sizes = new ArrayList<>();
              batches.forEach(batch -> sizes.add(batch.rows().size()));
              assertEquals(List.of(1, 2), sizes.stream().sorted().toList());
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  public void theNameIsAFunctionOfTheRowsAlone() {
    List<LakeRow> rows = List.of(row(HOUR, "a").getValue(), row(HOUR, "b").getValue());
    assertEquals(GatherRows.name(HOUR, rows), GatherRows.name(HOUR, rows));
    assertNotEquals(GatherRows.name(HOUR, rows), GatherRows.name(HOUR, rows.subList(0, 1)));
    assertNotEquals(GatherRows.name(HOUR, rows), GatherRows.name(NEXT_HOUR, rows));
  }

  @Test
  public void foldersAreHoursInUtc() {
    assertEquals(
        "processed/orders/dt=2026-11-21/hr=05/",
        Partition.of(Table.PROCESSED, "orders", 1_795_238_400_000_000L).folder());
    assertEquals(
        "raw/orders/dt=1969-12-31/hr=23/", Partition.of(Table.RAW, "orders", -1L).folder());
  }

  private PCollection<FileBatch> gather(TestStream<KV<Partition, LakeRow>> stream, long maxBytes) {
    return pipeline
        .apply(stream)
        .apply(ParDo.of(new GatherRows(FLUSH, maxBytes)))
        .setCoder(new FileBatch.Coder());
  }

  private static TestStream.Builder<KV<Partition, LakeRow>> stream() {
    return TestStream.create(KvCoder.of(new PartitionCoder(), new LakeRow.Coder()));
  }

  private static KV<Partition, LakeRow> row(Partition partition, String id) {
    return KV.of(partition, new LakeRow(id, 0, new Object[] {id, 1L}));
  }
}
