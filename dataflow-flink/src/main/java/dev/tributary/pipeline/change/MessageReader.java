package dev.tributary.pipeline.change;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.change.debezium.DebeziumMessages;
import dev.tributary.pipeline.change.debezium.Translation;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.deadletter.DeadLetterMessages;
import dev.tributary.pipeline.feature.FeatureEvent;
import dev.tributary.pipeline.feature.FeatureExtractor;
import dev.tributary.pipeline.feature.FeatureGroups;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.pii.Protection;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.beam.sdk.metrics.Metrics;

/**
 * Decides what a message leads to: rows, feature events, or a dead letter; never nothing.
 *
 * <p>Debezium's own messages, from producers that are not our bridge, are read as the bridge would
 * have ({@link DebeziumMessages}).
 *
 * <p>What cannot be shown to be free of clear PII (unreadable bytes, streams and fields that no
 * contract knows) is stored sealed, in the raw table too.
 */
public final class MessageReader {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern TRACEPARENT =
      Pattern.compile("[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}");

  /** How many times the message has been put back: docs/interfaces.md#dead-letter. */
  private static final String REPLAY_ATTRIBUTE = "replay";

  private static final Pattern REPLAY = Pattern.compile("\\d{1,8}");

  /** Attribute of a raw row: the message's key, which other producers' events may need; sealed. */
  private static final String MESSAGE_KEY = "messagekey";

  private final Protection protection;
  private final DebeziumMessages debezium;
  private final Map<String, StreamReader> streams = new HashMap<>();

  private record StreamReader(RowBuilder rows, FeatureExtractor features, Contract contract) {}

  public MessageReader(Contracts contracts, FeatureGroups groups, Protection protection) {
    this.protection = protection;
    this.debezium = new DebeziumMessages(contracts, protection);
    contracts
        .streams()
        .values()
        .forEach(
            contract ->
                streams.put(
                    contract.stream(),
                    new StreamReader(
                        new RowBuilder(contract),
                        new FeatureExtractor(contract, groups),
                        contract)));
  }

  public Arrival read(BusMessage message) {
    return switch (message.topic()) {
      case CHANGES -> change(message);
      case DEAD_LETTER -> deadLetter(message);
    };
  }

  private Arrival change(BusMessage message) {
    Envelope event;
    try {
      event = Envelope.parse(message.data());
    } catch (Refusal refusal) {
      Translation foreign = debezium.translate(message);
      return foreign == null ? unreadable(message, refusal) : foreign(message, foreign);
    }
    StreamReader stream = streams.get(event.stream());
    if (stream == null) {
      return refused(
          message,
          event,
          Table.UNKNOWN_STREAM,
          true,
          new Refusal(
              Reason.UNKNOWN_STREAM,
              null,
              "No contract knows the stream; add contracts/<stream>.odcs.yaml and build the pipeline"
                  + " again."));
    }
    try {
      return accepted(
          message,
          event,
          Arrival.blockOf(event.lsn().longValue()),
          stream,
          message.attributes(),
          message.data());
    } catch (Refusal refusal) {
      boolean clean = holdsOnlyKnownFields(event, stream.contract);
      return refused(message, event, event.stream(), !clean, refusal);
    }
  }

  /**
   * @param block of the source's log: {@link Arrival#block}
   * @param stored the message as the raw table keeps it
   */
  private static Arrival accepted(
      BusMessage message,
      Envelope event,
      long block,
      StreamReader stream,
      SortedMap<String, String> attributes,
      byte[] stored)
      throws Refusal {
    RowBuilder.Dated dated = stream.rows.build(event);
    List<FeatureEvent> features =
        stream.features.extract(
            column -> dated.row().values()[column],
            event.eventId(),
            event.op(),
            trace(message, event));
    return new Arrival(
        event.eventId(),
        block,
        List.of(
            raw(message, event.eventId(), event.eventId(), event.stream(), attributes, stored),
            new Arrival.Filed(
                Partition.of(Table.PROCESSED, event.stream(), dated.eventTime()), dated.row())),
        null,
        features);
  }

  /** A message of another producer of Debezium events. */
  private Arrival foreign(BusMessage message, Translation translation) {
    SortedMap<String, String> attributes = new TreeMap<>(message.attributes());
    if (message.key() != null) {
      attributes.put(MESSAGE_KEY, protection.seal(message.key()));
    }
    byte[] stored =
        translation.clear()
            ? message.data()
            : protection.seal(message.data()).getBytes(StandardCharsets.UTF_8);
    if (translation instanceof Translation.Control control) {
      Metrics.counter("control", control.kind().counter()).inc();
      String id = new Digest().add("control").add(json(message.position())).id();
      return new Arrival(
          id,
          List.of(raw(message, id, null, Table.CONTROL_STREAM, attributes, stored)),
          null,
          List.of());
    }
    Translation.Refused refused;
    if (translation instanceof Translation.Change change) {
      Envelope event = change.event();
      try {
        return accepted(
            message,
            event,
            Arrival.blockOf(change.logOffset()),
            streams.get(event.stream()),
            attributes,
            stored);
      } catch (Refusal refusal) {
        refused =
            new Translation.Refused(
                event.eventId(), event.stream(), refusal, event.source(), change.clear());
      }
    } else {
      refused = (Translation.Refused) translation;
    }
    DeadLetter letter =
        DeadLetter.of(
            refused.eventId(),
            refused.stream(),
            "pipeline",
            refused.refusal(),
            withKey(message, refused.source()),
            message.publishedAt(),
            protection.seal(message.data()),
            attempt(message));
    String id = refused.eventId() == null ? letter.id() : refusedId(message, refused.eventId());
    return new Arrival(
        id,
        List.of(raw(message, id, refused.eventId(), refused.stream(), attributes, stored)),
        letter,
        List.of());
  }

  /** An event of known form that cannot become a row. */
  private Arrival refused(
      BusMessage message, Envelope event, String stream, boolean seal, Refusal refusal) {
    String sealed = protection.seal(message.data());
    byte[] stored = seal ? sealed.getBytes(StandardCharsets.UTF_8) : message.data();
    String id = refusedId(message, event.eventId());
    return new Arrival(
        id,
        List.of(raw(message, id, event.eventId(), stream, message.attributes(), stored)),
        DeadLetter.of(
            event.eventId(),
            stream,
            "pipeline",
            refusal,
            event.source(),
            message.publishedAt(),
            sealed,
            attempt(message)),
        List.of());
  }

  /** Where a foreign message came from, with its key: a replay needs it to name the row again. */
  private ObjectNode withKey(BusMessage message, JsonNode source) {
    ObjectNode place = JSON.createObjectNode();
    place.setAll((ObjectNode) (source == null ? JSON.valueToTree(message.position()) : source));
    if (message.key() != null) {
      place.put(MESSAGE_KEY, protection.seal(message.key()));
    }
    return place;
  }

  /** Which reading of the message this is: docs/interfaces.md#bus, {@code replay}. */
  private static int attempt(BusMessage message) {
    String replay = message.attributes().getOrDefault(REPLAY_ATTRIBUTE, "0");
    // Another producer's attribute of that name must not stop the reader.
    return REPLAY.matcher(replay).matches() ? Integer.parseInt(replay) + 1 : 1;
  }

  /** Not the event's own id: after a fix, a replay of the event must not pass for a duplicate. */
  private static String refusedId(BusMessage message, String eventId) {
    return new Digest()
        .add("refused")
        .add(eventId)
        .add(message.attributes().getOrDefault(REPLAY_ATTRIBUTE, ""))
        .id();
  }

  /** Bytes of no known form: named after where they lay. */
  private Arrival unreadable(BusMessage message, Refusal refusal) {
    JsonNode position = JSON.valueToTree(message.position());
    String sealed = protection.seal(message.data());
    DeadLetter letter =
        DeadLetter.of(
            null,
            Table.UNKNOWN_STREAM,
            "pipeline",
            refusal,
            position,
            message.publishedAt(),
            sealed,
            attempt(message));
    return new Arrival(
        letter.id(),
        List.of(
            raw(
                message,
                letter.id(),
                null,
                Table.UNKNOWN_STREAM,
                message.attributes(),
                sealed.getBytes(StandardCharsets.UTF_8))),
        letter,
        List.of());
  }

  private Arrival deadLetter(BusMessage message) {
    try {
      DeadLetter letter = DeadLetterMessages.parse(message.data());
      // In another space of ids than the events': a letter may carry the id of its event.
      String id = new Digest().add("letter").add(letter.id()).id();
      return new Arrival(id, List.of(), letter, List.of());
    } catch (Refusal refusal) {
      Arrival whole = unreadable(message, refusal);
      return new Arrival(whole.id(), List.of(), whole.letter(), List.of());
    }
  }

  private static boolean holdsOnlyKnownFields(Envelope event, Contract contract) {
    for (JsonNode row : new JsonNode[] {event.key(), event.before(), event.after()}) {
      if (row != null) {
        for (var names = row.fieldNames(); names.hasNext(); ) {
          String name = names.next();
          if (contract.storedFields().stream().noneMatch(field -> field.name().equals(name))) {
            return false;
          }
        }
      }
    }
    return true;
  }

  private static Arrival.Filed raw(
      BusMessage message,
      String rowId,
      String eventId,
      String stream,
      SortedMap<String, String> attributes,
      byte[] stored) {
    Object[] values = {
      eventId,
      stream,
      stored,
      json(attributes),
      message.topicName(),
      message.partition(),
      message.offset(),
      message.publishedAt()
    };
    return new Arrival.Filed(
        Partition.of(Table.RAW, stream, message.publishedAt()), new LakeRow(rowId, 0, values));
  }

  private static String json(SortedMap<String, ?> attributes) {
    try {
      return JSON.writeValueAsString(attributes);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a map of plain values is always writable", e);
    }
  }

  /** An event without a usable trace starts one of its own id, as the bridge does. */
  private static String trace(BusMessage message, Envelope event) {
    Matcher parent = TRACEPARENT.matcher(message.attributes().getOrDefault("traceparent", ""));
    return parent.matches() ? parent.group(1) : event.eventId();
  }
}
