package dev.tributary.pipeline.change.debezium;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Field;
import dev.tributary.pipeline.contract.FieldType;
import java.util.regex.Pattern;

/**
 * What is known of how a message's values were written.
 *
 * @param typed its schema came along
 * @param mysql BOOLEAN is a TINYINT there
 * @param decimalsAreText without a schema: a decimal of the message can be read as text only, so
 *     all of them are, for a connector has one {@code decimal.handling.mode}
 */
record ValueOrigin(boolean typed, boolean mysql, boolean decimalsAreText) {
  /** A decimal that no base64 is: it has a sign or a point. */
  private static final Pattern ONLY_TEXT = Pattern.compile("-\\d+|-?\\d+\\.\\d+");

  static ValueOrigin of(ConnectJson value, boolean mysql, Contract contract) {
    boolean text = false;
    for (String member : new String[] {"before", "after"}) {
      JsonNode row = value.payload().path(member);
      for (Field field : contract.fields()) {
        JsonNode cell = row.path(field.name());
        text |=
            field.type() == FieldType.NUMERIC
                && cell.isTextual()
                && ONLY_TEXT.matcher(cell.textValue()).matches();
      }
    }
    return new ValueOrigin(value.schema() != null, mysql, text);
  }
}
