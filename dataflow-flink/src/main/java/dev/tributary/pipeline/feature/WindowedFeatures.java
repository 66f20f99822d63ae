package dev.tributary.pipeline.feature;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.tributary.pipeline.bus.OutgoingMessage;
import dev.tributary.pipeline.contract.Decimals;
import dev.tributary.pipeline.contract.Timestamps;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/**
 * Emits feature rows for every event as it comes: docs/interfaces.md#feature-row.
 *
 * <p>Event time decides the values, arrival when they are emitted; no window waits for a watermark.
 */
public final class WindowedFeatures extends DoFn<KV<String, FeatureEvent>, OutgoingMessage> {
  private static final long serialVersionUID = 1L;
  private static final ObjectMapper JSON = new ObjectMapper();

  @StateId("window")
  private final StateSpec<ValueState<EntityWindow>> windowSpec =
      StateSpecs.value(new EntityWindow.Coder());

  private final FeatureGroups groups;

  public WindowedFeatures(FeatureGroups groups) {
    this.groups = groups;
  }

  @ProcessElement
  public void process(
      @Element KV<String, FeatureEvent> element,
      @StateId("window") ValueState<EntityWindow> state,
      OutputReceiver<OutgoingMessage> output) {
    FeatureEvent event = element.getValue();
    FeatureGroup group = groups.group(event.view());
    EntityWindow window = state.read();
    EntityWindow.Update update = (window == null ? EntityWindow.EMPTY : window).add(group, event);
    if (update.rows().isEmpty()) {
      return;
    }
    state.write(update.window());
    Instant now = Instant.now();
    for (EntityWindow.Row row : update.rows()) {
      output.output(message(element.getKey(), group, event, row, now));
    }
  }

  static OutgoingMessage message(
      String orderingKey,
      FeatureGroup group,
      FeatureEvent event,
      EntityWindow.Row row,
      Instant now) {
    String eventTimestamp = Timestamps.format(row.time() + row.version());
    ObjectNode json = JSON.createObjectNode();
    json.put("view", group.name());
    json.putObject("entity").putRawValue(group.joinKey(), new RawValue(event.entity()));
    json.put("event_time", Timestamps.format(row.time()));
    json.put("event_timestamp", eventTimestamp);
    json.put("latest", row.latest());
    ObjectNode features = json.putObject("features");
    for (int i = 0; i < group.features().size(); i++) {
      FeatureGroup.Feature feature = group.features().get(i);
      if (feature.measure() < 0) {
        features.put(feature.name(), row.values().get(i).longValueExact());
      } else {
        features.put(feature.name(), Decimals.toWire(row.values().get(i)));
      }
    }
    json.put("event_id", event.eventId());
    json.put("emitted_at", now.truncatedTo(ChronoUnit.MILLIS).toString());

    SortedMap<String, String> attributes = new TreeMap<>();
    attributes.put("specversion", "1.0");
    // A late event re-emits rows of other events: the event at hand alone does not name a row.
    attributes.put("id", event.eventId() + "@" + eventTimestamp);
    attributes.put("type", "dev.tributary.feature.v1");
    attributes.put("source", "//tributary/pipeline");
    attributes.put("subject", group.name());
    attributes.put("time", eventTimestamp);
    attributes.put("traceparent", traceparent(event.trace()));
    return new OutgoingMessage(orderingKey, attributes, bytes(json));
  }

  /** The next span of the trace: https://www.w3.org/TR/trace-context/#traceparent-header */
  private static String traceparent(String trace) {
    long span = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
    return "00-%s-%016x-01".formatted(trace, span);
  }

  private static byte[] bytes(ObjectNode json) {
    try {
      return JSON.writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree is always writable", e);
    }
  }
}
