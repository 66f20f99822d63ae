package dev.tributary.pipeline.feature;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.contract.Timestamps;
import dev.tributary.pipeline.deadletter.DeadLetter;

/** Dead letters about events that are in the files and in no feature. */
final class FeatureLetters {
  private static final ObjectMapper JSON = new ObjectMapper();

  private FeatureLetters() {}

  /**
   * @param limit the earliest event time that was still taken, microseconds
   */
  static DeadLetter late(FeatureEvent event, long limit) {
    return letter(
        event,
        Reason.LATE,
        "The windows of %s that hold %s are closed: events from %s on are taken. The row is in the lake and the warehouse; the marts have it with their next run."
            .formatted(event.view(), Timestamps.format(event.time()), Timestamps.format(limit)));
  }

  static DeadLetter tooLarge(FeatureEvent event) {
    return letter(
        event,
        Reason.UNREPRESENTABLE,
        "An amount is too large for the windows of %s to add up exactly. The row is in the lake and the warehouse."
            .formatted(event.view()));
  }

  private static DeadLetter letter(FeatureEvent event, Reason reason, String message) {
    ObjectNode source = JSON.createObjectNode();
    source.put("view", event.view());
    source.put("event_time", Timestamps.format(event.time()));
    ObjectNode row = JSON.createObjectNode();
    row.put("event_id", event.eventId());
    row.put("row_key", "%016x%016x".formatted(event.rowHigh(), event.rowLow()));
    row.putRawValue("entity", new RawValue(event.entity()));
    row.put("event_time", Timestamps.format(event.time()));
    event.amounts().forEach(row.withArray("amounts")::add);
    return DeadLetter.plain(
        event.eventId(),
        event.stream(),
        "pipeline",
        new Refusal(reason, null, message),
        source,
        event.time(),
        row.toString());
  }
}
