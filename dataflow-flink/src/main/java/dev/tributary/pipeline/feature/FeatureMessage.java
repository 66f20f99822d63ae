package dev.tributary.pipeline.feature;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.tributary.pipeline.bus.OutgoingMessage;
import dev.tributary.pipeline.contract.Decimals;
import dev.tributary.pipeline.packed.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writes one group's feature rows as messages: docs/interfaces.md#feature-row. All names are made
 * into JSON once; what is left for a row are numbers, times and ids, which need no escaping.
 */
final class FeatureMessage {
  private final FeatureGroup group;
  private final byte[] start;
  private final List<byte[]> names;
  private final Bytes out = new Bytes(512);

  FeatureMessage(FeatureGroup group) {
    this.group = group;
    this.start =
        utf8("{\"view\":" + quoted(group.name()) + ",\"entity\":{" + quoted(group.joinKey()) + ":");
    this.names =
        group.features().stream().map(feature -> utf8(quoted(feature.name()) + ":")).toList();
  }

  /**
   * @param event the event at hand, which brought the row about
   * @param now microseconds
   */
  OutgoingMessage of(String orderingKey, FeatureEvent event, EntityWindow.Row row, long now) {
    String eventTimestamp = MicrosText.of(row.time() + row.version());
    out.truncate(0).put(start).put(utf8(event.entity()));
    out.putAscii("},\"event_time\":\"").putAscii(MicrosText.of(row.time()));
    out.putAscii("\",\"event_timestamp\":\"").putAscii(eventTimestamp);
    out.putAscii("\",\"latest\":").putAscii(row.latest() ? "true" : "false");
    out.putAscii(",\"features\":{");
    for (int i = 0; i < names.size(); i++) {
      if (i > 0) {
        out.putByte(',');
      }
      out.put(names.get(i));
      if (group.features().get(i).measure() < 0) {
        out.putAscii(Long.toString(row.values().get(i).longValueExact()));
      } else {
        out.putByte('"').putAscii(Decimals.toWire(row.values().get(i))).putByte('"');
      }
    }
    out.putAscii("},\"event_id\":\"").putAscii(event.eventId());
    out.putAscii("\",\"emitted_at\":\"").putAscii(MicrosText.of(now)).putAscii("\"}");

    SortedMap<String, String> attributes = new TreeMap<>();
    attributes.put("specversion", "1.0");
    // A late event re-emits rows of other events: the event at hand alone does not name a row.
    attributes.put("id", event.eventId() + "@" + eventTimestamp);
    attributes.put("type", "dev.tributary.feature.v1");
    attributes.put("source", "//tributary/pipeline");
    attributes.put("subject", group.name());
    attributes.put("time", eventTimestamp);
    attributes.put("traceparent", traceparent(event.trace()));
    return new OutgoingMessage(orderingKey, attributes, out.copy());
  }

  /** The next span of the trace: https://www.w3.org/TR/trace-context/#traceparent-header */
  private static String traceparent(String trace) {
    long span = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
    String hex = Long.toHexString(span);
    return "00-" + trace + "-" + "0".repeat(16 - hex.length()) + hex + "-01";
  }

  private static String quoted(String text) {
    return TextNode.valueOf(text).toString();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
