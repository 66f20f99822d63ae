package dev.tributary.pipeline.change;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.StrictJson;
import dev.tributary.pipeline.contract.Timestamps;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.util.Iterator;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A change event whose form is right: docs/interfaces.md#change-event. Whether its rows fit their
 * contract is not known yet.
 *
 * @param key JSON object, or null in a truncate
 * @param before JSON object or null
 * @param after JSON object or null
 * @param source JSON object
 * @param sourceTime commit time, microseconds
 * @param ingestedAt when the bridge took it, microseconds
 */
public record Envelope(
    String eventId,
    String stream,
    char op,
    JsonNode key,
    JsonNode before,
    JsonNode after,
    JsonNode source,
    BigInteger lsn,
    BigInteger tx,
    long sourceTime,
    long ingestedAt,
    String contractVersion) {

  private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");
  private static final Pattern OP = Pattern.compile("[cudrt]");
  private static final Pattern NAME = Pattern.compile("(?s).+");

  /** PostgreSQL's largest LSN has 20 digits; a longer number is noise. */
  private static final Pattern DECIMAL = Pattern.compile("\\d{1,30}");

  private static final Set<String> MEMBERS =
      Set.of(
          "event_id",
          "stream",
          "op",
          "key",
          "before",
          "after",
          "source",
          "ingested_at",
          "contract_version");

  /**
   * Columns no contract knows, sealed, and the text of values that no column holds: only the raw
   * sink keeps them.
   */
  private static final Set<String> OPTIONAL_MEMBERS = Set.of("unknown", "exact");

  private static final Set<String> SOURCE_MEMBERS =
      Set.of("db", "schema", "table", "lsn", "tx", "ts");

  /**
   * @throws Refusal UNREADABLE naming the member at fault
   */
  public static Envelope parse(byte[] data) throws Refusal {
    JsonNode event = StrictJson.readObject(data, "change event");
    onlyMembers(event, MEMBERS, "");
    JsonNode source = event.path("source");
    if (!source.isObject()) {
      throw malformed("source", "is not an object");
    }
    onlyMembers(source, SOURCE_MEMBERS, "source.");
    text(source, "source.", "db", NAME);
    text(source, "source.", "schema", NAME);
    text(source, "source.", "table", NAME);
    Envelope envelope =
        new Envelope(
            text(event, "", "event_id", ID),
            text(event, "", "stream", NAME),
            text(event, "", "op", OP).charAt(0),
            row(event, "key"),
            row(event, "before"),
            row(event, "after"),
            source,
            new BigInteger(text(source, "source.", "lsn", DECIMAL)),
            new BigInteger(text(source, "source.", "tx", DECIMAL)),
            time(source, "source.", "ts"),
            time(event, "", "ingested_at"),
            text(event, "", "contract_version", NAME));
    envelope.checkParts();
    return envelope;
  }

  private void checkParts() throws Refusal {
    if (op == 't') {
      if (key != null || before != null || after != null) {
        throw malformed("key", "before and after must be null in a truncate");
      }
      return;
    }
    if (key == null) {
      throw malformed("key", "must not be null but in a truncate");
    }
    if ((op == 'd') != (after == null)) {
      throw malformed("after", "must be null in a delete and in nothing else");
    }
  }

  private static void onlyMembers(JsonNode object, Set<String> members, String prefix)
      throws Refusal {
    for (Iterator<String> names = object.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!members.contains(name) && !(prefix.isEmpty() && OPTIONAL_MEMBERS.contains(name))) {
        throw new Refusal(
            Reason.UNREADABLE, null, "A change event has a member that its format does not know.");
      }
    }
    for (String name : members) {
      if (!object.has(name)) {
        throw malformed(prefix + name, "is missing");
      }
    }
  }

  private static String text(JsonNode object, String prefix, String name, Pattern form)
      throws Refusal {
    JsonNode value = object.path(name);
    if (!value.isTextual() || !form.matcher(value.textValue()).matches()) {
      throw malformed(prefix + name, "has not its form");
    }
    return value.textValue();
  }

  private static long time(JsonNode object, String prefix, String name) throws Refusal {
    JsonNode value = object.path(name);
    try {
      if (value.isTextual()) {
        return Timestamps.parse(value.textValue());
      }
    } catch (DateTimeException e) {
      // Said below.
    }
    throw malformed(prefix + name, "is not YYYY-MM-DDTHH:MM:SS.ffffffZ");
  }

  private static JsonNode row(JsonNode event, String name) throws Refusal {
    JsonNode value = event.path(name);
    if (value.isNull()) {
      return null;
    }
    if (!value.isObject()) {
      throw malformed(name, "is neither a row nor null");
    }
    return value;
  }

  private static Refusal malformed(String member, String problem) {
    return new Refusal(
        Reason.UNREADABLE, member, "A change event is malformed: " + member + " " + problem + ".");
  }
}
