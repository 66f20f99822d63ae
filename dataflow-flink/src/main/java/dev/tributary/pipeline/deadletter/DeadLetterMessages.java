package dev.tributary.pipeline.deadletter;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.StrictJson;
import java.util.regex.Pattern;

/** Reads dead letters that other parts published. */
public final class DeadLetterMessages {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");
  private static final Pattern STREAM = Pattern.compile("[a-z_][a-z0-9_]{0,62}");
  private static final Pattern STAGE = Pattern.compile("bridge|pipeline|landing|load");
  private static final Pattern TIME =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");

  private DeadLetterMessages() {}

  /**
   * The letter, its JSON untouched.
   *
   * @throws Refusal UNREADABLE; only what names the object is looked at, so that a letter is kept
   *     whatever else it says
   */
  public static DeadLetter parse(byte[] data) throws Refusal {
    JsonNode letter = StrictJson.readObject(data, "dead letter");
    require(letter, "dead_letter_id", ID);
    require(letter, "stream", STREAM);
    require(letter, "stage", STAGE);
    require(letter, "time", TIME);
    return DeadLetter.of(letter, data);
  }

  private static void require(JsonNode letter, String field, Pattern form) throws Refusal {
    JsonNode value = letter.path(field);
    // These become parts of an object's name.
    if (!value.isTextual() || !form.matcher(value.textValue()).matches()) {
      throw new Refusal(Reason.UNREADABLE, field, "A dead letter's " + field + " is malformed.");
    }
  }
}
