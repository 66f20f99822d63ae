package dev.tributary.pipeline.bus;

import static org.junit.Assert.assertEquals;

import java.util.Optional;
import org.apache.beam.sdk.io.kafka.KafkaRecord;
import org.apache.beam.sdk.io.kafka.KafkaTimestampType;
import org.apache.beam.sdk.io.kafka.TimestampPolicy;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.joda.time.Duration;
import org.joda.time.Instant;
import org.junit.Test;

public class PublishTimePolicyTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:20:00Z");
  private static final Duration DELAY = Duration.standardSeconds(1);

  @Test
  public void aPartitionThatNeverHadAMessageFollowsTheClock() {
    assertEquals(NOW.minus(DELAY), policy().watermark(partition(0, NOW), NOW));
  }

  @Test
  public void aPartitionWhoseBacklogIsUnknownOrUnreadHoldsTheWatermark() {
    assertEquals(BoundedWindow.TIMESTAMP_MIN_VALUE, policy().watermark(partition(-1, NOW), NOW));
    assertEquals(BoundedWindow.TIMESTAMP_MIN_VALUE, policy().watermark(partition(7, NOW), NOW));
  }

  @Test
  public void whileThereIsSomethingToReadTheNewestMessageDecides() {
    PublishTimePolicy policy = policy();
    read(policy, NOW.minus(Duration.standardMinutes(10)));
    read(policy, NOW.minus(Duration.standardMinutes(11)));
    assertEquals(
        NOW.minus(Duration.standardMinutes(10)).minus(DELAY),
        policy.watermark(partition(3, NOW), NOW));
    assertEquals(NOW.minus(DELAY), policy.watermark(partition(0, NOW), NOW));
  }

  @Test
  public void aMessageFromTheFutureDoesNotMakeTheOthersLate() {
    PublishTimePolicy policy = policy();
    read(policy, NOW.plus(Duration.standardDays(400)));
    assertEquals(NOW.minus(DELAY), policy.watermark(partition(3, NOW), NOW));
  }

  @Test
  public void aRestoredPartitionGoesOnWhereItWas() {
    Instant before = NOW.minus(Duration.standardHours(2));
    PublishTimePolicy policy =
        (PublishTimePolicy)
            PublishTimePolicy.factory()
                .createTimestampPolicy(new TopicPartition("t", 0), Optional.of(before));
    assertEquals(before, policy.watermark(partition(3, NOW), NOW));
  }

  private static PublishTimePolicy policy() {
    return (PublishTimePolicy)
        PublishTimePolicy.factory()
            .createTimestampPolicy(new TopicPartition("t", 0), Optional.empty());
  }

  private static void read(PublishTimePolicy policy, Instant published) {
    assertEquals(
        published,
        policy.getTimestampForRecord(
            partition(3, NOW),
            new KafkaRecord<>(
                "t",
                0,
                0,
                published.getMillis(),
                KafkaTimestampType.CREATE_TIME,
                new RecordHeaders(),
                new byte[0],
                new byte[0])));
  }

  private static TimestampPolicy.PartitionContext partition(long backlog, Instant checked) {
    return new TimestampPolicy.PartitionContext() {
      @Override
      public long getMessageBacklog() {
        return backlog;
      }

      @Override
      public Instant getBacklogCheckTime() {
        return checked;
      }
    };
  }
}
