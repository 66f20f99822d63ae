package dev.tributary.pipeline.change;

import static org.junit.Assert.assertEquals;

import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.feature.FeatureEvent;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.PartitionCoder;
import dev.tributary.pipeline.lake.Table;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.testing.TestStream;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.TimestampedValue;
import org.apache.beam.sdk.values.TupleTagList;
import org.joda.time.Duration;
import org.joda.time.Instant;
import org.junit.Rule;
import org.junit.Test;

public class DeduplicateTest {
  private static final Duration TIME_TO_LIVE = Duration.standardHours(1);

  @Rule public final transient TestPipeline pipeline = TestPipeline.create();

  @Test
  public void aRepeatedIdPassesOnceWhereverTheWatermarkIs() {
    assertPassed(
        List.of(1L, 2L),
        stream()
            .addElements(arrival(1), arrival(2), arrival(1))
            .advanceWatermarkTo(new Instant(1_000_000_000L))
            .addElements(TimestampedValue.of(arrival(1), new Instant(5)))
            .addElements(arrival(2))
            .advanceWatermarkToInfinity());
  }

  @Test
  public void anIdIsRememberedForItsTimeToLiveThoughAGenerationTurns() {
    assertPassed(
        List.of(1L, 2L),
        stream()
            .addElements(arrival(1))
            .advanceProcessingTime(Duration.standardMinutes(59))
            .addElements(arrival(2))
            .advanceProcessingTime(Duration.standardMinutes(59))
            .addElements(arrival(2))
            .advanceWatermarkToInfinity());
  }

  @Test
  public void anIdIsForgottenAfterTwiceItsTimeToLive() {
    assertPassed(
        List.of(1L, 1L),
        stream()
            .addElements(arrival(1))
            .advanceProcessingTime(Duration.standardMinutes(61))
            .advanceProcessingTime(Duration.standardMinutes(61))
            .addElements(arrival(1))
            .advanceWatermarkToInfinity());
  }

  private void assertPassed(List<Long> expected, TestStream<KV<Integer, Arrival>> stream) {
    PCollectionTuple output =
        pipeline
            .apply(stream)
            .apply(
                ParDo.of(new Deduplicate(TIME_TO_LIVE))
                    .withOutputTags(
                        Deduplicate.ROWS,
                        TupleTagList.of(Deduplicate.LETTERS).and(Deduplicate.EVENTS)));
    PCollection<KV<Partition, LakeRow>> rows =
        output
            .get(Deduplicate.ROWS)
            .setCoder(KvCoder.of(new PartitionCoder(), new LakeRow.Coder()));
    output.get(Deduplicate.LETTERS).setCoder(new DeadLetter.Coder());
    output
        .get(Deduplicate.EVENTS)
        .setCoder(KvCoder.of(StringUtf8Coder.of(), new FeatureEvent.Coder()));
    PAssert.that(rows)
        .satisfies(
            passed -> {
              List<Long> numbers = new ArrayList<>();
              passed.forEach(row -> numbers.add((Long) row.getValue().values()[0]));
              assertEquals(expected, numbers.stream().sorted().toList());
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  private static TestStream.Builder<KV<Integer, Arrival>> stream() {
    return TestStream.create(KvCoder.of(VarIntCoder.of(), new Arrival.Coder()));
  }

  private static KV<Integer, Arrival> arrival(long number) {
    String id = Samples.id(number);
    Arrival arrival =
        new Arrival(
            id,
            List.of(
                new Arrival.Filed(
                    new Partition(Table.PROCESSED, "orders", 0),
                    new LakeRow(id, 0, new Object[] {number}))),
            null,
            List.of());
    // One bucket, so that all generations are the same.
    return KV.of(0, arrival);
  }
}
