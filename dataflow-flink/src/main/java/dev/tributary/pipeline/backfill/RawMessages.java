package dev.tributary.pipeline.backfill;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.ParquetRows;
import dev.tributary.pipeline.pii.Seals;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Turns rows of {@code raw/} back into the messages they were; seals are opened. */
final class RawMessages {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<TreeMap<String, String>> ATTRIBUTES = new TypeReference<>() {};

  /** Where the raw row keeps the message's key, sealed: of producers that are not our bridge. */
  private static final String MESSAGE_KEY = "messagekey";

  private final Seals seals;
  private final List<String> names;

  /**
   * @param rows the file they will come from
   */
  RawMessages(ParquetRows rows, Seals seals) {
    this.seals = seals;
    this.names = rows.columns().stream().map(Column::name).toList();
  }

  /** When the bus took the message, in microseconds. */
  long publishedAt(Object[] row) {
    return (Long) row[names.indexOf("published_at")];
  }

  /**
   * Whether a dead letter of this message is named after a place on the bus that raw does not keep
   * (Pub/Sub's message id): it exists, but would get another name here.
   */
  boolean isNamedByLostPlace(Object[] row) {
    return value(row, "event_id") == null && value(row, "offset") == null;
  }

  /**
   * @throws IOException where attributes are not as the pipeline writes them
   */
  BusMessage message(Object[] row) throws IOException {
    SortedMap<String, String> attributes = attributes((String) value(row, "attributes"));
    String key = attributes.remove(MESSAGE_KEY);
    return new BusMessage(
        BusMessage.Topic.CHANGES,
        (String) value(row, "topic"),
        attributes,
        seals.open((byte[]) value(row, "message")),
        (Integer) value(row, "partition"),
        (Long) value(row, "offset"),
        null,
        publishedAt(row),
        key == null ? null : seals.open(key.getBytes(StandardCharsets.UTF_8)));
  }

  private Object value(Object[] row, String name) {
    return row[names.indexOf(name)];
  }

  private static SortedMap<String, String> attributes(String json) throws IOException {
    try {
      return JSON.readValue(json, ATTRIBUTES);
    } catch (JsonProcessingException e) {
      // Without the parser's message, which quotes the text.
      throw new IOException("A raw row has attributes that are no JSON object of texts.");
    }
  }
}
