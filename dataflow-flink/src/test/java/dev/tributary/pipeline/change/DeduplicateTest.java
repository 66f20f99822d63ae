package dev.tributary.pipeline.change;

import static org.junit.Assert.assertEquals;

import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.PackedChange;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.testing.TestStream;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
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
            .addElements(batch(1, 2), batch(1))
            .advanceWatermarkTo(new Instant(1_000_000_000L))
            .addElements(TimestampedValue.of(batch(1), new Instant(5)))
            .addElements(batch(2))
            .advanceWatermarkToInfinity());
  }

  @Test
  public void anIdRepeatedInItsOwnBatchPassesOnce() {
    assertPassed(
        List.of(1L, 2L), stream().addElements(batch(1, 2, 1, 2, 1)).advanceWatermarkToInfinity());
  }

  @Test
  public void aBlockOfManyIdsForgetsNone() {
    long[] many = new long[2_000];
    for (int i = 0; i < many.length; i++) {
      many[i] = i;
    }
    assertPassed(
        java.util.Arrays.stream(many).boxed().toList(),
        stream()
            .addElements(batch(many))
            .addElements(batch(many))
            .addElements(batch(0, 1_999))
            .advanceWatermarkToInfinity());
  }

  @Test
  public void anIdIsRememberedForItsTimeToLiveThoughAGenerationTurns() {
    assertPassed(
        List.of(1L, 2L),
        stream()
            .addElements(batch(1))
            .advanceProcessingTime(Duration.standardMinutes(59))
            .addElements(batch(2))
            .advanceProcessingTime(Duration.standardMinutes(59))
            .addElements(batch(2))
            .advanceWatermarkToInfinity());
  }

  @Test
  public void anIdIsForgottenAfterTwiceItsTimeToLive() {
    assertPassed(
        List.of(1L, 1L),
        stream()
            .addElements(batch(1))
            .advanceProcessingTime(Duration.standardMinutes(61))
            .advanceProcessingTime(Duration.standardMinutes(61))
            .addElements(batch(1))
            .advanceWatermarkToInfinity());
  }

  private void assertPassed(List<Long> expected, TestStream<KV<Integer, byte[]>> stream) {
    PCollectionTuple output =
        pipeline
            .apply(stream)
            .apply(
                ParDo.of(new Deduplicate(TIME_TO_LIVE))
                    .withOutputTags(
                        Deduplicate.ROWS,
                        TupleTagList.of(Deduplicate.LETTERS)
                            .and(Deduplicate.EVENTS)
                            .and(Deduplicate.LOOKUPS)));
    output.get(Deduplicate.LETTERS).setCoder(new DeadLetter.Coder());
    output.get(Deduplicate.EVENTS).setCoder(KvCoder.of(VarIntCoder.of(), ByteArrayCoder.of()));
    output.get(Deduplicate.LOOKUPS).setCoder(KvCoder.of(VarIntCoder.of(), ByteArrayCoder.of()));
    PAssert.that(output.get(Deduplicate.ROWS).setCoder(ByteArrayCoder.of()))
        .satisfies(
            passed -> {
              List<Long> numbers = new ArrayList<>();
              for (byte[] rows : passed) {
                for (int at = 0; at < rows.length; at += Long.BYTES) {
                  numbers.add(Bytes.longAt(rows, at));
                }
              }
              assertEquals(expected, numbers.stream().sorted().toList());
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  private static TestStream.Builder<KV<Integer, byte[]>> stream() {
    return TestStream.create(KvCoder.of(VarIntCoder.of(), ByteArrayCoder.of()));
  }

  /**
   * Changes of one block, whose rows are their numbers; one bucket, so that all share its state.
   */
  private static KV<Integer, byte[]> batch(long... numbers) {
    Bytes batch = new Bytes(1024);
    PackedChange.Writer writer = new PackedChange.Writer();
    for (long number : numbers) {
      writer.begin(number * 0x9E3779B97F4A7C15L, number, 77).section().putLong(number);
      batch.put(writer.end());
    }
    return KV.of(0, batch.copy());
  }
}
