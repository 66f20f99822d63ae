package dev.tributary.pipeline.change.debezium;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.StrictJson;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.change.Envelope;
import dev.tributary.pipeline.change.debezium.Translation.Change;
import dev.tributary.pipeline.change.debezium.Translation.Control;
import dev.tributary.pipeline.change.debezium.Translation.Refused;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.pii.Protection;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/**
 * Reads Debezium's own messages, from Kafka Connect or Debezium Server, with and without their
 * schema, and makes of a change the event that the bridge would have published.
 *
 * <p>Formats: https://debezium.io/documentation/reference/stable/connectors/postgresql.html and
 * mysql.html, "Data change events"; JSON only.
 */
public final class DebeziumMessages {
  private static final Set<String> OPERATIONS = Set.of("c", "u", "d", "r", "t");

  /** What ExtractNewRecordState adds to a row it has taken out of its envelope. */
  private static final Set<String> FLATTENED = Set.of("__deleted", "__op");

  private static final Set<String> HEARTBEAT = Set.of("ts_ms", "ts_us", "ts_ns");

  private final Protection protection;
  private final Map<String, RowDecoder> tables = new HashMap<>();

  public DebeziumMessages(Contracts contracts, Protection protection) {
    this.protection = protection;
    for (Contract contract : contracts.streams().values()) {
      if (contract.table() != null) {
        tables.put(
            contract.table().schema() + "." + contract.table().name(),
            new RowDecoder(contract, protection));
      }
    }
  }

  /**
   * @return null where the message is none of Debezium's
   */
  public Translation translate(BusMessage message) {
    byte[] data = message.data();
    if (data.length == 0 || new String(data, StandardCharsets.ISO_8859_1).equals("null")) {
      return new Control(Control.Kind.TOMBSTONE, true);
    }
    JsonNode json;
    try {
      json = StrictJson.readObject(data, "Debezium event");
    } catch (Refusal refusal) {
      return null;
    }
    MinusZero.restore(json, new String(data, StandardCharsets.UTF_8));
    ConnectJson value = ConnectJson.of(json);
    JsonNode payload = value.payload();
    if (payload.isNull()) {
      return new Control(Control.Kind.TOMBSTONE, json.size() == 2);
    }
    if (!payload.isObject() || payload.has("event_id")) {
      return null;
    }
    JsonNode source = payload.path("source");
    if (source.path("connector").isTextual() && payload.has("op")) {
      return payload.path("op").asText().equals("m")
          ? new Control(Control.Kind.LOGICAL_MESSAGE, false)
          : change(message, value, source);
    }
    return control(payload, json == payload || json.size() == 2);
  }

  /**
   * @param alone nothing stands beside the payload but its schema
   */
  private static Translation control(JsonNode payload, boolean alone) {
    if (payload.has("op") || payload.has("before") || payload.has("after")) {
      return null;
    }
    if (payload.path("ts_ms").isIntegralNumber() && onlyMembers(payload, HEARTBEAT)) {
      return new Control(Control.Kind.HEARTBEAT, alone);
    }
    String status = payload.path("status").asText("");
    if ((status.equals("BEGIN") || status.equals("END")) && payload.path("id").isTextual()) {
      return new Control(Control.Kind.TRANSACTION, false);
    }
    if (payload.has("ddl") || payload.has("tableChanges")) {
      // DDL may quote values: defaults, partition bounds, comments.
      return new Control(Control.Kind.SCHEMA_CHANGE, false);
    }
    if (FLATTENED.stream().anyMatch(payload::has)) {
      return new Refused(
          null,
          Table.UNKNOWN_STREAM,
          new Refusal(
              Reason.UNREADABLE,
              null,
              "This is a row without its envelope, and so without its position; take"
                  + " ExtractNewRecordState out of the producer's transforms."),
          null,
          false);
    }
    return null;
  }

  private Translation change(BusMessage message, ConnectJson value, JsonNode source) {
    Position position;
    try {
      position = Position.of(source);
    } catch (Refusal refusal) {
      return new Refused(null, Table.UNKNOWN_STREAM, refusal, null, false);
    }
    String op = value.payload().path("op").asText("");
    if (!OPERATIONS.contains(op)) {
      return unknown(
          position, value, new Refusal(Reason.UNREADABLE, "op", "op is none of c, u, d, r, t."));
    }
    RowDecoder decoder = tables.get(position.schema() + "." + position.table());
    if (decoder == null) {
      return unknown(
          position,
          value,
          new Refusal(
              Reason.UNKNOWN_STREAM,
              null,
              "No contract has table "
                  + position.schema()
                  + "."
                  + position.table()
                  + "; add one to contracts/, or take the table out of what the producer follows."));
    }
    return new ChangeReader(message, value, position, op.charAt(0), decoder).read();
  }

  private Translation unknown(Position position, ConnectJson value, Refusal refusal) {
    return new Refused(
        idWithoutKey(position, value.payload()),
        Table.UNKNOWN_STREAM,
        refusal,
        position.json(),
        false);
  }

  /**
   * Several rows may share a position (COPY), so the rows take the place of the key that is not
   * known: sealed, for an unkeyed hash of a person's data could be guessed.
   */
  private String idWithoutKey(Position position, JsonNode payload) {
    ArrayNode rows = JsonNodeFactory.instance.arrayNode();
    rows.add(
        payload.path("before").isMissingNode() ? NullNode.getInstance() : payload.get("before"));
    rows.add(payload.path("after").isMissingNode() ? NullNode.getInstance() : payload.get("after"));
    String sealed = protection.seal(rows.toString().getBytes(StandardCharsets.UTF_8));
    String op = payload.path("op").asText("?");
    return EventIdentity.eventId(
        position, new Digest().add(sealed).id(), op.isEmpty() ? '?' : op.charAt(0));
  }

  private static boolean onlyMembers(JsonNode object, Set<String> members) {
    for (Iterator<String> names = object.fieldNames(); names.hasNext(); ) {
      if (!members.contains(names.next())) {
        return false;
      }
    }
    return true;
  }

  /** Reads one change of a table that a contract knows. */
  private final class ChangeReader {
    private final BusMessage message;
    private final ConnectJson value;
    private final Position position;
    private final char op;
    private final RowDecoder decoder;
    private final ValueOrigin origin;

    ChangeReader(
        BusMessage message, ConnectJson value, Position position, char op, RowDecoder decoder) {
      this.message = message;
      this.value = value;
      this.position = position;
      this.op = op;
      this.decoder = decoder;
      String connector = value.payload().path("source").path("connector").asText();
      this.origin = ValueOrigin.of(value, !connector.equals("postgresql"), decoder.contract());
    }

    Translation read() {
      Contract contract = decoder.contract();
      boolean clear = !decoder.personal() && !value.payload().path("source").hasNonNull("query");
      if (op == 't') {
        return new Change(envelope(null, null, null), position.logOffset(), clear);
      }
      RowDecoder.Decoded before =
          row("before") == null
              ? null
              : decoder.decodeBefore(row("before"), value.schemaOf("before"), origin);
      RowDecoder.Decoded after =
          op == 'd' || row("after") == null
              ? null
              : decoder.decode(row("after"), value.schemaOf("after"), origin);
      clear &= (before == null || !before.unknown()) && (after == null || !after.unknown());

      ObjectNode key = null;
      try {
        if (op != 'd' && after == null) {
          throw new Refusal(Reason.UNREADABLE, "after", "after is null where op is " + op + ".");
        }
        key = key(after == null ? before : after);
        if (after != null && after.fault() != null) {
          throw after.fault();
        }
        for (String field : contract.primaryKey()) {
          if (!key.hasNonNull(field)) {
            throw new Refusal(
                Reason.CONTRACT_VIOLATION,
                field,
                field
                    + " is part of the primary key and neither the row nor the message's key has"
                    + " it.");
          }
        }
        if (after != null && !after.partial()) {
          decoder.requireWhole(after.row());
        }
        return new Change(
            envelope(
                decoder.protect(key),
                before == null ? null : decoder.protect(before.row()),
                after == null ? null : decoder.protect(after.row())),
            position.logOffset(),
            clear);
      } catch (Refusal refusal) {
        return new Refused(idOfClear(key), contract.stream(), refusal, position.json(), clear);
      }
    }

    /** What the row has of its key, the rest from the message's key. */
    private ObjectNode key(RowDecoder.Decoded row) {
      ObjectNode key = JsonNodeFactory.instance.objectNode();
      RowDecoder.Decoded ofMessage = null;
      for (String field : decoder.contract().primaryKey()) {
        if (row != null && row.row().hasNonNull(field)) {
          key.set(field, row.row().get(field));
          continue;
        }
        ofMessage = ofMessage == null ? messageKey() : ofMessage;
        if (ofMessage.row().hasNonNull(field)) {
          key.set(field, ofMessage.row().get(field));
        }
      }
      return key;
    }

    private RowDecoder.Decoded messageKey() {
      JsonNode json = JsonNodeFactory.instance.objectNode();
      try {
        if (message.key() != null) {
          json = StrictJson.readObject(message.key(), "message key");
        }
      } catch (Refusal refusal) {
        // No object, so no key; what lacks one is told by the caller.
      }
      ConnectJson key = ConnectJson.of(json);
      JsonNode fields =
          key.payload().isObject() ? key.payload() : JsonNodeFactory.instance.objectNode();
      ValueOrigin written =
          new ValueOrigin(key.schema() != null, origin.mysql(), origin.decimalsAreText());
      return decoder.decode(fields, key.schema(), written);
    }

    private JsonNode row(String member) {
      JsonNode row = value.payload().path(member);
      return row.isObject() ? row : null;
    }

    /** The id of a change whose key may not be whole. */
    private String idOfClear(ObjectNode key) {
      for (String field : decoder.contract().primaryKey()) {
        if (key == null || !key.hasNonNull(field)) {
          return idWithoutKey(position, value.payload());
        }
      }
      return id(decoder.protect(key));
    }

    private String id(JsonNode protectedKey) {
      return EventIdentity.eventId(
          position, EventIdentity.canonicalKey(protectedKey, decoder.contract().primaryKey()), op);
    }

    private Envelope envelope(JsonNode key, JsonNode before, JsonNode after) {
      return new Envelope(
          id(key),
          decoder.contract().stream(),
          op,
          key,
          before,
          after,
          position.json(),
          position.lsn(),
          position.tx(),
          position.time(),
          // When the bus took it: a replay has the same.
          message.publishedAt(),
          decoder.contract().version());
    }
  }
}
