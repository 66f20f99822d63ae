package dev.tributary.pipeline.change.debezium;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.change.Envelope;

/** What a message of another producer of Debezium events is. */
public sealed interface Translation {

  /** Whether the message as it came can hold nothing personal, and so may be stored in clear. */
  boolean clear();

  /**
   * A change, as the bridge would have published it.
   *
   * @param logOffset where in the source's log it lies, in bytes
   */
  record Change(Envelope event, long logOffset, boolean clear) implements Translation {}

  /** What a producer says about itself: neither a row nor a fault. */
  record Control(Kind kind, boolean clear) implements Translation {

    /** The kinds; their names are those of the counters. */
    public enum Kind {
      HEARTBEAT("heartbeat"),
      SCHEMA_CHANGE("schemaChange"),
      TRANSACTION("transaction"),
      LOGICAL_MESSAGE("logicalMessage"),
      TOMBSTONE("tombstone");

      private final String counter;

      Kind(String counter) {
        this.counter = counter;
      }

      /** What the metric that counts them is called. */
      public String counter() {
        return counter;
      }
    }
  }

  /**
   * A change that cannot become an event.
   *
   * @param eventId null where its position is unknown
   * @param stream or {@code _unknown}
   * @param source null where its position is unknown
   */
  record Refused(String eventId, String stream, Refusal refusal, JsonNode source, boolean clear)
      implements Translation {}
}
