package dev.tributary.pipeline.bus;

import java.util.Optional;
import org.apache.beam.sdk.io.kafka.KafkaRecord;
import org.apache.beam.sdk.io.kafka.TimestampPolicy;
import org.apache.beam.sdk.io.kafka.TimestampPolicyFactory;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.kafka.common.TopicPartition;
import org.joda.time.Duration;
import org.joda.time.Instant;

/**
 * Event time on the bus is when a message was published.
 *
 * <p>The watermark follows the messages, some delay behind; and the clock, as long as a partition
 * has nothing to read. KafkaIO's own policy waits for the first message of a partition, and so a
 * topic that is still empty, as that of dead letters should be, would hold the watermark for ever.
 */
final class PublishTimePolicy extends TimestampPolicy<byte[], byte[]> {
  /** Producers' clocks and queues differ by less. */
  private static final Duration MAX_DELAY = Duration.standardSeconds(1);

  private Instant newest;

  private PublishTimePolicy(Optional<Instant> previousWatermark) {
    newest =
        previousWatermark.map(at -> at.plus(MAX_DELAY)).orElse(BoundedWindow.TIMESTAMP_MIN_VALUE);
  }

  static TimestampPolicyFactory<byte[], byte[]> factory() {
    return (TopicPartition partition, Optional<Instant> previousWatermark) ->
        new PublishTimePolicy(previousWatermark);
  }

  @Override
  public Instant getTimestampForRecord(
      PartitionContext context, KafkaRecord<byte[], byte[]> record) {
    Instant published = new Instant(record.getTimestamp());
    if (published.isAfter(newest)) {
      newest = published;
    }
    return published;
  }

  @Override
  public Instant getWatermark(PartitionContext context) {
    return watermark(context, Instant.now());
  }

  Instant watermark(PartitionContext context, Instant now) {
    Instant reached = newest;
    if (context.getMessageBacklog() == 0 && context.getBacklogCheckTime().isAfter(reached)) {
      reached = context.getBacklogCheckTime();
    }
    // A clock that runs ahead must not make everybody else late.
    if (reached.isAfter(now)) {
      reached = now;
    }
    return reached.isBefore(BoundedWindow.TIMESTAMP_MIN_VALUE.plus(MAX_DELAY))
        ? BoundedWindow.TIMESTAMP_MIN_VALUE
        : reached.minus(MAX_DELAY);
  }
}
